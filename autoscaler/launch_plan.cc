#include "autoscaler/launch_plan.h"

#include <algorithm>
#include <limits>

namespace rayctl {

LaunchPlan::LaunchPlan(const Config& config, const Census& census,
                       const std::vector<TypeView>& types, const Brakes& brakes, const Seats& seats)
    : types_(types),
      brakes_(brakes),
      launches_(seats.launches()),
      counts_(types.size(), 0),
      forced_(types.size(), 0),
      wishes_(types.size(), 0) {
  for (const NewNode& node : launches_) {
    const auto type = static_cast<std::size_t>(node.type);
    ++counts_[type];
    if (node.purpose != Purpose::kDemand) ++forced_[type];
  }
  keep_pace();
  if (brakes_.wish) follow_use(config, census, seats);
}

/// How many nodes of a type may be launched for demands and for use.
int LaunchPlan::allowed(std::size_t type) const {
  const auto limit = brakes_.at_once.find(types_[type].config->name);
  if (limit == brakes_.at_once.end()) return std::numeric_limits<int>::max();
  return std::max(0, limit->second - forced_[type]);
}

/// The last ones are put off.
void LaunchPlan::keep_pace() {
  std::vector<int> over(counts_.size());
  for (std::size_t i = 0; i < over.size(); ++i)
    over[i] = std::max(0, counts_[i] - forced_[i] - allowed(i));
  for (std::size_t n = launches_.size(); n-- > 0;) {
    const auto type = static_cast<std::size_t>(launches_[n].type);
    if (launches_[n].purpose != Purpose::kDemand || over[type] == 0) continue;
    --over[type];
    --counts_[type];
    put_off_.push_back(std::move(launches_[n]));
    launches_[n].type = -1;
  }
  std::erase_if(launches_, [](const NewNode& node) { return node.type < 0; });
}

void LaunchPlan::follow_use(const Config& config, const Census& census, const Seats& seats) {
  const NodeTypeName name = default_worker_type(config);
  for (std::size_t i = 0; i < types_.size(); ++i) {
    if (types_[i].config->name != name) continue;
    wishes_[i] = *brakes_.wish;
    const int type = static_cast<int>(i);
    std::int64_t more = std::int64_t{wishes_[i]} - census.count(type) - counts_[i];
    more = std::min<std::int64_t>(
        {more, seats.places_of(type), seats.places(), allowed(i) - (counts_[i] - forced_[i])});
    for (; more > 0; --more, ++counts_[i])
      launches_.push_back({.type = type, .purpose = Purpose::kUse});
  }
}

}  // namespace rayctl
