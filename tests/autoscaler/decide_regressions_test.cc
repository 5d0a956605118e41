#include "autoscaler/decide.h"

#include <gtest/gtest.h>

#include "tests/autoscaler/scene.h"

namespace rayctl {
namespace {

using std::chrono::minutes;
using Stage = FleetNode::Stage;

// Complaints about other autoscalers, by their numbers.

/// A task that runs and is still reported as waiting asks for no second node while the first is on
/// its way, and what runs is not counted twice.
TEST(Regressions, Ray36926NoNodeForATaskBetweenWaitingAndRunning) {
  Scene scene = cpu_and_gpu();
  scene.wait({{"CPU", 4}});
  ASSERT_EQ(launched(scene.decide(), "cpu"), 1);
  FleetNode& node = scene.add_node("cpu", "cpu-1");
  node.stage = Stage::kAsked;
  EXPECT_TRUE(scene.decide().launch.empty());
  node.stage = Stage::kStarting;
  EXPECT_TRUE(scene.decide().launch.empty());
  node.stage = Stage::kRunning;
  EXPECT_TRUE(scene.decide().launch.empty());
  scene.load.demands.clear();
  scene.fleet.nodes.back().available = {};
  EXPECT_TRUE(scene.decide().launch.empty());
  EXPECT_EQ(releases(scene.decide()), "");
}

/// Tasks that cannot run on an idle node do not keep it, though Ray begins its count anew.
TEST(Regressions, Ray60546UnrelatedTasksDoNotKeepAnIdleNode) {
  Scene scene = cpu_and_gpu();
  scene.type("gpu").max_workers = 0;
  FleetNode& node = scene.add_idle("cpu", "cpu-1", minutes(4));
  scene.wait({{"TPU", 1}}, 3);
  Memory memory = scene.memory;
  Time now = Scene::kNow;
  for (int tick = 0; tick < 20; ++tick) {
    now += Millis{5'000};
    node.idle_for = Millis{0};
    const Decision decision =
        decide(scene.load, scene.config, scene.fleet, memory, now, scene.options);
    memory = decision.memory;
    EXPECT_EQ(decision.release.size(), now - Scene::kNow > minutes(1) ? 1U : 0U) << tick;
  }
}

/// A placement group that no cluster could hold is reported, and others are served.
TEST(Regressions, Ray39691AnImpossibleGroupStarvesNobody) {
  Scene scene = cpu_and_gpu();
  scene.load.gangs = {
      {"aa", GangStrategy::kStrictSpread, {{{{"GPU", 9}}}, {{{"CPU", 1}}}, {{{"CPU", 1}}}}},
      {"bb", GangStrategy::kStrictSpread, {{{{"CPU", 4}}}, {{{"CPU", 4}}}}}};
  scene.wait({{"GPU", 1}});
  const Decision decision = scene.decide();
  EXPECT_EQ(unmet(decision), "! 1: no node type has 9 GPU (largest: gpu, 4)\n");
  EXPECT_EQ(launched(decision, "cpu"), 2);
  EXPECT_EQ(launched(decision, "gpu"), 1);
}

/// At its minimum, a node that is idle for ever is neither ended nor made again.
TEST(Regressions, Dst3128NoLoopAtTheIdleTimeoutOfTheMinimum) {
  Scene scene = cpu_and_gpu();
  scene.type("cpu").min_workers = 2;
  scene.add_idle("cpu", "cpu-1", minutes(1000));
  scene.add_idle("cpu", "cpu-2", minutes(900));
  const Decision decision = scene.decide();
  EXPECT_TRUE(decision.launch.empty());
  EXPECT_EQ(releases(decision), "");
  EXPECT_EQ(reasons(decision),
            "cpu-1 1: idle for 16 h, kept: min_workers of cpu is 2\n"
            "cpu-2 1: idle for 15 h, kept: min_workers of cpu is 2\n");
}

/// Between the limits the counts are those that are there: nothing is put back to a number that
/// someone else wrote.
TEST(Regressions, Kr1120CountsBetweenTheLimitsStay) {
  Scene scene = cpu_and_gpu();
  for (const char* name : {"cpu-1", "cpu-2", "cpu-5"})
    scene.add_node("cpu", name).available = {};
  const Decision decision = scene.decide();
  EXPECT_EQ(decision.scale.want.at({"cpu"}), 3);
  EXPECT_TRUE(decision.scale.release.empty());
}

}  // namespace
}  // namespace rayctl
