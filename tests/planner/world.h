#pragma once
#include <string>

#include "model/json.h"
#include "planner/planner.h"

namespace rayctl::planning {

/// What make_plan takes, in one value.
struct World {
  Desired desired;
  Snapshot snapshot;
  Observed observed;
  PlanOptions options;
};

inline Plan plan_of(const World& world) {
  return make_plan(world.desired, world.snapshot, world.observed, world.options);
}

/// The machine id of a node in tests: "m:gpu-1".
inline CloudId id_of(const std::string& node) {
  return {"m:" + node};
}

/// Reads a case that people write (fixtures/plans/README.md). Throws std::runtime_error or a JSON
/// exception for what it cannot read, unknown keys among it.
World read_world(const Json& json);

/// The plan as lines for people to compare; everything that a plan says is in it.
std::string describe(const Plan& plan);

/// What must hold of every plan; "" or what does not, in one line.
std::string broken_rule(const World& world, const Plan& plan);

}  // namespace rayctl::planning
