#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
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

/// Whether one of the globs is about a node of this name or type.
inline bool matches(const std::vector<std::string>& globs, const NodeName& name,
                    const NodeTypeName& type) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return glob_match(glob, name.text) || glob_match(glob, type.text);
  });
}

/// Whether --target and --exclude leave it in.
inline bool chosen_by_flags(const PlanOptions& options, const NodeName& name,
                            const NodeTypeName& type) {
  return (options.target.empty() || matches(options.target, name, type)) &&
         !matches(options.exclude, name, type);
}

}  // namespace rayctl::planning
