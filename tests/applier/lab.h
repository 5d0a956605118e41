#pragma once
#include <string>
#include <utility>
#include <vector>

#include "applier/applier.h"
#include "tests/support/fake_world.h"
#include "tests/support/observer_fake.h"
#include "tests/support/small_cluster.h"
#include "tests/support/state_store_fake.h"

namespace rayctl {

/// A fake world with a store, and a plan that tests write by hand.
struct Lab {
  Lab() : desired(small_cluster(0)) { fake.local_files["/src/app"] = app_files("1"); }

  /// Adds a step to the plan and returns its id.
  int add(Action action, std::vector<int> after = {}) {
    Step step;
    step.id = static_cast<int>(plan.steps.size());
    step.action = std::move(action);
    step.after = std::move(after);
    plan.steps.push_back(std::move(step));
    return plan.steps.back().id;
  }

  const SpecDigests& digests(const std::string& type) const {
    return desired.specs.at({type}).digests;
  }

  /// All steps that make a node work, after the step `after`; returns the last one's id.
  int bring_up(const std::string& type, const std::string& node, std::vector<int> after) {
    int step = add(SyncFiles{{node}, digests(type).files}, std::move(after));
    step = add(SetUpNode{{node}, digests(type).setup}, {step});
    return add(StartRay{{node}, digests(type).start}, {step});
  }

  /// A plan for a head and `workers` workers.
  void plan_cluster(int workers) {
    const int head = add(CreateNodes{{"head"}, {{"head-1"}}});
    const int up = bring_up("head", "head-1", {head});
    if (workers == 0) return;
    std::vector<NodeName> names;
    for (int i = 1; i <= workers; ++i)
      names.push_back({"small-" + std::to_string(i)});
    const int launch = add(CreateNodes{{"small"}, names});
    for (const NodeName& name : names)
      bring_up("small", name.text, {launch, up});
  }

  /// Applies the plan as made from what the store holds now, and begins a new one.
  Result<ApplyReport> apply() {
    Plan made = std::exchange(plan, {});
    const Snapshot now = records();
    made.cluster = desired.cluster;
    made.head_type = desired.head_type;
    made.specs = desired.specs;
    made.breakdown = desired.breakdown;
    made.autoscaler = desired.autoscaler;
    made.config = desired.config;
    made.lineage = now.lineage;
    made.epoch = now.epoch;
    World world = fake.world(store);
    return apply_plan(made, world, options, stop.get_token(), observer);
  }

  Snapshot records() { return *store.load(); }
  NodeRecord record(const std::string& node) { return records().nodes.at({node}); }

  Desired desired;
  FakeWorld fake;
  StateStoreFake store;
  FakeObserver observer;
  ApplyOptions options{.parallelism = 1};
  std::stop_source stop;
  Plan plan;
};

/// The errors of a report, one a line, for messages of tests.
inline std::string errors_of(const Result<ApplyReport>& report) {
  if (!report) return report.error().message;
  std::string text;
  for (const StepResult& each : report->steps) {
    if (each.outcome == StepResult::Outcome::kDone) continue;
    text += "step " + std::to_string(each.step) + ": " + each.error.message + "\n";
  }
  return text;
}

inline std::vector<StepResult::Outcome> outcomes(const Result<ApplyReport>& report) {
  std::vector<StepResult::Outcome> result;
  for (const StepResult& each : report->steps)
    result.push_back(each.outcome);
  return result;
}

}  // namespace rayctl
