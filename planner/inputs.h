#pragma once
#include "planner/planner.h"

namespace rayctl::planning {

/// What make_plan was given. Everything made from it may point into it.
struct Inputs {
  const Desired& desired;
  const Snapshot& snapshot;
  const Observed& observed;
  const PlanOptions& options;
};

/// The spec of a type; null for a type that the config no longer has.
inline const NodeSpec* spec_of(const Desired& desired, const NodeTypeName& type) {
  const auto found = desired.specs.find(type);
  return found == desired.specs.end() ? nullptr : &found->second;
}

/// Ray was started and, as far as the record says, still runs.
inline bool started(const NodeRecord& record) {
  return record.running != SpecDigests{};
}

}  // namespace rayctl::planning
