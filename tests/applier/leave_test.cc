#include <gtest/gtest.h>

#include "tests/applier/lab.h"

namespace rayctl {
namespace {

// Told to leave what is in flight, a run ends at once; what it began stays open, runs on, and is
// gone on with by the next run: nothing is started twice.
TEST(Leave, ALongSetUpIsLeftRunningAndGoneOnWith) {
  Lab lab;
  lab.plan_cluster(0);
  lab.fake.rules.command_time = Millis{600'000};
  std::stop_source leave;
  lab.options.leave = leave.get_token();
  int sleeps = 0;
  lab.fake.clock.on_sleep = [&] {
    if (++sleeps == 3) leave.request_stop();
    ASSERT_LT(sleeps, 5'000);
  };
  const Time begun = lab.fake.clock.now();
  const Result<ApplyReport> report = lab.apply();
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete());
  EXPECT_LT(lab.fake.clock.now() - begun, Millis{60'000});
  const Snapshot left = lab.records();
  ASSERT_EQ(left.open.size(), 1U);
  ASSERT_TRUE(std::holds_alternative<SetUpNode>(left.open.front().action));
  EXPECT_EQ(left.nodes.at({"head-1"}).phase, Phase::kLaunched);
  EXPECT_TRUE(left.nodes.at({"head-1"}).failure.empty());

  lab.options.leave = {};
  const int setup = lab.add(SetUpNode{{"head-1"}, lab.digests("head").setup});
  lab.plan.steps.back().resume = left.open.front().token;
  lab.add(StartRay{{"head-1"}, lab.digests("head").start}, {setup});
  const Result<ApplyReport> again = lab.apply();
  ASSERT_TRUE(again && again->complete()) << errors_of(again);
  int setups = 0;
  for (const auto& [token, op] : lab.fake.machine("head-1").ops) {
    if (token.text.starts_with(left.open.front().token.text)) setups += op.starts;
  }
  EXPECT_EQ(setups, 1);
}

TEST(Leave, AWaitForRayIsLeft) {
  Lab lab;
  lab.plan_cluster(0);
  lab.fake.rules.join_time = Millis{200'000};
  std::stop_source leave;
  lab.options.leave = leave.get_token();
  const Time begun = lab.fake.clock.now();
  lab.fake.clock.on_sleep = [&] {
    if (lab.fake.clock.now() - begun > Millis{30'000}) leave.request_stop();
  };
  const Result<ApplyReport> report = lab.apply();
  ASSERT_TRUE(report);
  EXPECT_EQ(outcomes(report).back(), StepResult::Outcome::kFailed);
  EXPECT_EQ(report->steps.back().error.code, ErrorCode::kInterrupted);
  ASSERT_EQ(lab.records().open.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<StartRay>(lab.records().open.front().action));
}

TEST(Leave, ADrainIsLeft) {
  Lab lab;
  lab.plan_cluster(1);
  ASSERT_TRUE(lab.apply()->complete());
  std::stop_source leave;
  lab.options.leave = leave.get_token();
  lab.fake.machine("small-1").busy_until = lab.fake.clock.now() + Millis{600'000};
  lab.fake.clock.on_sleep = [&] { leave.request_stop(); };
  lab.add(DrainNode{{"small-1"}, lab.record("small-1").id, Millis{300'000}});
  const Result<ApplyReport> report = lab.apply();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->steps.back().error.code, ErrorCode::kInterrupted);
  ASSERT_EQ(lab.records().open.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<DrainNode>(lab.records().open.front().action));
}

TEST(Leave, NoStepBeginsWhenTheClusterIsNoLongerOurs) {
  Lab lab;
  lab.plan_cluster(0);
  Plan plan = lab.plan;
  plan.cluster = lab.desired.cluster;
  plan.head_type = lab.desired.head_type;
  plan.specs = lab.desired.specs;
  World world = lab.fake.world(lab.store);
  int asked = 0;
  world.may_begin = [&]() -> Result<> {
    if (++asked <= 1) return {};
    return conflict(ErrorCode::kLocked, "another one works on the cluster");
  };
  const auto report = apply_plan(plan, world, lab.options, {}, lab.observer);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->steps.at(0).outcome, StepResult::Outcome::kDone);
  EXPECT_EQ(report->steps.at(1).error.code, ErrorCode::kLocked);
  EXPECT_TRUE(lab.records().open.empty());
}

}  // namespace
}  // namespace rayctl
