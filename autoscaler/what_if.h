#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "autoscaler/tick.h"

namespace rayctl {

/// What would become of one more task or actor.
struct WhatIf {
  enum class Kind {
    kFits,        ///< on one of `nodes`, now
    kOnItsWay,    ///< on a node that is being launched or started for something else
    kLaunches,    ///< a node of `type` would be launched for it
    kWaits,       ///< for a limit, a back-off, a launch
    kImpossible,  ///< no node type could ever hold it
  };
  Kind kind = Kind::kWaits;
  std::vector<NodeName> nodes;
  NodeTypeName type;
  std::string because;       ///< of kLaunches, kWaits, kImpossible
  std::int64_t waiting = 0;  ///< equal requests that wait already
  bool operator==(const WhatIf&) const = default;
};

/// Decides the tick again with the request added. Pure.
WhatIf what_if(const Tick& tick, const ResourceRequest& request);

}  // namespace rayctl
