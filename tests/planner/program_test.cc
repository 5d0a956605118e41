#include <gtest/gtest.h>

#include "tests/planner/world.h"

namespace rayctl::planning {
namespace {

/// A cluster that differs from what is wanted in the autoscaler's program alone.
World between(const std::string& before, const std::string& now, const char* nodes) {
  World world = read_world(
      Json::parse(std::string(R"({"desired": {"types": {"head": {}}}, "nodes": )") + nodes + "}"));
  world.desired.program = "rayctl " + now;
  world.desired.autoscaler = {"now"};
  world.desired.breakdown[{"now"}] = {{kProgramField, {now}}};
  world.snapshot.autoscaler = {"before"};
  world.snapshot.breakdown[{"before"}] = {{kProgramField, {before}}};
  return world;
}
constexpr char kHead[] = R"({"head-1": {}})";

TEST(PlanProgram, OneStepNamesBothVersionsAndDisturbsNobody) {
  const Plan plan = plan_of(between("0.9", "0.10", kHead));
  EXPECT_TRUE(plan.blocked.empty());
  ASSERT_EQ(plan.steps.size(), 1U) << describe(plan);
  const Step& step = plan.steps.front();
  EXPECT_EQ(std::get<ConfigureAutoscaler>(step.action).program, "rayctl 0.9 -> 0.10");
  EXPECT_EQ(step.because, "rayctl changed");
  EXPECT_EQ(step.disturbs, "nobody");
}

TEST(PlanProgram, AnOlderOneIsRefusedWhileTheNewerWorks) {
  World world = between("0.10", "0.9", kHead);
  const Plan plan = plan_of(world);
  ASSERT_EQ(plan.blocked.size(), 1U) << describe(plan);
  EXPECT_EQ(plan.blocked[0].code, ErrorCode::kOlderProgram);
  EXPECT_EQ(plan.blocked[0].summary, "this is rayctl 0.9, and rayctl 0.10 works on this cluster");
  world.desired.destroy = true;
  EXPECT_TRUE(plan_of(world).blocked.empty());

  const Plan anew = plan_of(between("0.10", "0.9", "{}"));
  EXPECT_TRUE(anew.blocked.empty());
  ASSERT_FALSE(anew.steps.empty());
  EXPECT_EQ(std::get<ConfigureAutoscaler>(anew.steps.back().action).program, "rayctl 0.9");
}

TEST(PlanProgram, WhatRanBesideAHeadThatIsReplacedIsStartedBesideTheNewOne) {
  World world = between("0.9", "0.9", kHead);
  world.snapshot.autoscaler = world.desired.autoscaler;
  world.snapshot.breakdown = world.desired.breakdown;
  EXPECT_TRUE(plan_of(world).steps.empty()) << describe(plan_of(world));
  world.desired.specs.at({"head"}).digests.launch = {"another"};
  world.options.replace_head = true;
  const Plan plan = plan_of(world);
  ASSERT_FALSE(plan.steps.empty());
  const Step& last = plan.steps.back();
  ASSERT_TRUE(std::holds_alternative<ConfigureAutoscaler>(last.action)) << describe(plan);
  EXPECT_EQ(last.because, "its machine goes");
  for (const Step& step : plan.steps) {
    if (!std::holds_alternative<StartRay>(step.action)) continue;
    EXPECT_EQ(last.after, std::vector<int>{step.id}) << describe(plan);
  }
}

}  // namespace
}  // namespace rayctl::planning
