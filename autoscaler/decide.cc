#include "autoscaler/decide.h"

#include "autoscaler/arrange.h"

namespace rayctl {

Decision decide(const Load& load, const Config& config, const Fleet& fleet, const Memory& memory,
                Time now, const DecideOptions& options) {
  Memory after = remember(memory, config, load, fleet, now);
  Brakes brakes{.pace = launch_pace(after, config, now)};
  for (const NodeTypeConfig& type : config.node_types)
    brakes.at_once[type.name] = launch_limit(config, type.name, fleet);
  brakes.wish = usage_wish(config, fleet, after);
  return arrange(load, config, fleet, std::move(after), brakes, now, options);
}

}  // namespace rayctl
