#pragma once
#include <map>
#include <optional>

#include "autoscaler/decide.h"
#include "autoscaler/pacing.h"

namespace rayctl {

/// What holds launches back beside the maxima, and what use alone asks for.
struct Brakes {
  std::map<NodeTypeName, LaunchPace> pace;  ///< of a type that is not in it: open
  /// New nodes of a type that demands alone may have now; of a type that is not in it: any number.
  std::map<NodeTypeName, int> at_once;
  std::optional<int> wish;  ///< usage_wish
};

/// `decide` after the past was looked at: `memory` is returned in the decision as it is.
Decision arrange(const Load& load, const Config& config, const Fleet& fleet, Memory memory,
                 const Brakes& brakes, Time now, const DecideOptions& options);

}  // namespace rayctl
