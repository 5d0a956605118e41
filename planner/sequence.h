#pragma once
#include "planner/head_cycle.h"
#include "planner/resources.h"
#include "planner/roster.h"

namespace rayctl::planning {

/// Turns fates and needs into steps, in an order in which each can run, and adds them to `plan`
/// together with the open operations that they go on with. Counts the unchanged nodes.
void write_steps(const Inputs& in, const Roster& roster, HeadCycle cycle, Changes& changes,
                 const ResourceWorks& resources, Plan& plan);

}  // namespace rayctl::planning
