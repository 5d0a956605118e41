#include <gtest/gtest.h>

#include "applier/refresh.h"
#include "tests/crash/pipe.h"

namespace rayctl {
namespace {

/// Without what only a real run can know.
Snapshot comparable(Snapshot snapshot) {
  snapshot.lineage.clear();
  snapshot.serial = 0;
  snapshot.cluster_id = {};
  for (auto& [name, record] : snapshot.nodes) {
    record.id = {};
    record.ip.clear();
    record.made_by.reset();
    record.launched_at = {};
  }
  return snapshot;
}

struct Predict : testing::TestWithParam<Scenario> {};

INSTANTIATE_TEST_SUITE_P(Scenarios, Predict, testing::ValuesIn(scenarios()),
                         [](const auto& each) { return each.param.word(); });

TEST_P(Predict, SaysWhatAnApplyLeaves) {
  const auto pipe = start_of(GetParam());
  const Snapshot before = pipe->records();
  World world = pipe->fake.world(pipe->store);
  const Observed observed =
      refresh(world, pipe->desired.cluster, {{"fake"}}, before, pipe->fake.clock.now());
  const Plan plan = make_plan(pipe->desired, before, observed, pipe->options);
  const Outcome outcome = predict(plan, before, observed);
  const Result<ApplyReport> report = pipe->apply(plan);
  ASSERT_TRUE(report && report->complete());
  const Snapshot after = comparable(pipe->records());
  const Snapshot foretold = comparable(outcome.snapshot);
  EXPECT_EQ(after.nodes, foretold.nodes);
  EXPECT_EQ(after.highest, foretold.highest);
  EXPECT_EQ(after.open, foretold.open);
  EXPECT_EQ(after.config, foretold.config);
  EXPECT_EQ(after.autoscaler, foretold.autoscaler);
  EXPECT_EQ(after.overrides, foretold.overrides);
  EXPECT_EQ(after.epoch, foretold.epoch);
  EXPECT_EQ(after.cluster, foretold.cluster);
  EXPECT_EQ(after.imported, foretold.imported);
}

}  // namespace
}  // namespace rayctl
