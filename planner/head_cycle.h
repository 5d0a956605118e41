#pragma once
#include "planner/roster.h"

namespace rayctl::planning {

/// What the head does in a plan, seen from the workers.
enum class HeadCycle {
  kNone,      ///< it keeps running, or there is none
  kStarts,    ///< it was not running (new, down, or stopped by us) and starts
  kSwitches,  ///< it runs, and is restarted or replaced because something changed or was asked for
};

/// Applies --target and --exclude and then lets the workers follow the head: whoever runs Ray
/// against a head that starts anew restarts after it, and a worker that has no head to join waits.
HeadCycle follow_head(const Inputs& in, Roster& roster);

}  // namespace rayctl::planning
