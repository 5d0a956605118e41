#include "autoscaler/replay.h"

namespace rayctl {
namespace {

Json part(const Json& whole, const std::string& where) {
  const Json::json_pointer at(where);
  return whole.contains(at) ? whole.at(at) : Json();
}

}  // namespace

Decision decide_again(const Tick& tick) {
  return decide(tick.load, tick.config, tick.fleet, tick.memory, tick.at, tick.options);
}

std::vector<ReplayDifference> replay(const Tick& tick) {
  const Json recorded = to_json(tick.decision);
  const Json now = to_json(decide_again(tick));
  std::vector<ReplayDifference> differences;
  for (const Json& change : Json::diff(recorded, now)) {
    const std::string where = change.at("path").get<std::string>();
    differences.push_back({where, part(recorded, where), change.value("value", Json())});
  }
  return differences;
}

}  // namespace rayctl
