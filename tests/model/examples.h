#pragma once
#include "model/plan.h"
#include "model/snapshot.h"

namespace rayctl::examples {

/// A value with every field set to something other than its default, and every kind of action.
Snapshot snapshot();
Plan plan();
/// As large as clusters get: a record, or a launch with its four steps, for each of `nodes`.
Snapshot large_snapshot(int nodes);
Plan large_plan(int nodes);

}  // namespace rayctl::examples
