#pragma once
#include <string>

#include "planner/survey.h"

namespace rayctl::planning {

/// Whom it disturbs when Ray on this node stops: "nobody (idle 12 min)", "work that uses 2 CPU",
/// "unknown: Ray could not be asked".
std::string disturbance(const Inputs& in, const NodeView& node);

}  // namespace rayctl::planning
