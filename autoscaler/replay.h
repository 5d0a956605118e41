#pragma once
#include <string>
#include <vector>

#include "autoscaler/tick.h"

namespace rayctl {

/// Decides again from what the tick holds.
Decision decide_again(const Tick& tick);

/// A part of a decision that came out otherwise than it was recorded.
struct ReplayDifference {
  std::string where;   ///< JSON pointer into the decision: "/launch/gpu"
  Json recorded, now;  ///< null: not there
  bool operator==(const ReplayDifference&) const = default;
};

/// What is different when the tick is decided again; empty: nothing.
std::vector<ReplayDifference> replay(const Tick& tick);

}  // namespace rayctl
