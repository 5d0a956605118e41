#pragma once
#include <set>

#include "planner/roster.h"

namespace rayctl::planning {

/// The types of workers whose set-up is tried on one node first, so that a broken one costs one
/// node: set-up runs on several, and no node of the type has ever had this set-up succeed. Not for
/// the first nodes of a type, if they are few: there is nothing to spare yet.
std::set<NodeTypeName> types_that_try_first(const Inputs& in, const Roster& roster);

}  // namespace rayctl::planning
