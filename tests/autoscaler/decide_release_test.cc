#include "autoscaler/decide.h"

#include <gtest/gtest.h>

#include "tests/autoscaler/scene.h"

namespace rayctl {
namespace {

using std::chrono::minutes;
using Stage = FleetNode::Stage;

TEST(Decide, UseMayRaiseTheDefaultTypeAndKeepsItThere) {
  Scene scene = cpu_and_gpu();
  scene.brakes.wish = 3;
  scene.add_idle("cpu", "cpu-1", minutes(10));
  scene.add_idle("gpu", "gpu-1", minutes(10));
  const Decision decision = scene.decide();
  EXPECT_EQ(launched(decision, "cpu"), 2);
  EXPECT_EQ(releases(decision), "gpu-1: idle for 10 min, longer than 5 min\n");
  EXPECT_EQ(reasons(decision),
            "cpu 2: for use above target_utilization_fraction\n"
            "cpu-1 1: idle for 10 min, kept: use asks for 3 of cpu\n");
}

TEST(Decide, IdleNodesGoIfNothingNeedsThem) {
  Scene scene = cpu_and_gpu();
  scene.type("gpu").idle_timeout_s = 3600;
  scene.type("cpu").min_workers = 1;
  scene.add_idle("cpu", "cpu-1", minutes(5));  // exactly: not longer
  scene.add_idle("cpu", "cpu-2", minutes(6));
  scene.add_idle("cpu", "cpu-3", minutes(7));
  scene.add_idle("gpu", "gpu-1", minutes(30));
  scene.wait({{"CPU", 4}});
  Decision decision = scene.decide();
  EXPECT_EQ(releases(decision),
            "cpu-2: idle for 6 min, longer than 5 min\n"
            "cpu-3: idle for 7 min, longer than 5 min\n");
  EXPECT_EQ(decision.scale.if_idle, decision.scale.release);
  EXPECT_EQ(decision.scale.want[{"cpu"}], 1);
  scene.options.scale_down = false;
  EXPECT_EQ(releases(scene.decide()), "");
}

TEST(Decide, WhatRequestResourcesNeedsIsKept) {
  Scene scene = cpu_and_gpu();
  scene.add_idle("cpu", "cpu-1", minutes(9));
  scene.add_idle("cpu", "cpu-2", minutes(9));
  scene.load.asked = {{{{{"CPU", 4}}}, 1}};
  EXPECT_EQ(releases(scene.decide()), "cpu-2: idle for 9 min, longer than 5 min\n");
  scene.load.asked = {{{{{"CPU", 4}}}, 99}};
  Decision decision = scene.decide();
  EXPECT_TRUE(decision.launch.empty()) << "as a whole or not at all";
  EXPECT_EQ(unmet(decision),
            "99: request_resources is met as a whole or not at all: there is not room for all of "
            "it below max_workers\n");
}

TEST(Decide, TheHeadNeverGoesAndIsNoWorker) {
  Scene scene = cpu_and_gpu();
  scene.config.max_workers = 0;
  scene.fleet.nodes.front().idle = true;
  scene.fleet.nodes.front().ends_at = Scene::kNow;
  scene.memory.idle_since[{"head-1"}] = Time{};
  const Decision decision = scene.decide();
  EXPECT_EQ(releases(decision), "");
  EXPECT_FALSE(decision.scale.want.contains({"head"}));
}

TEST(Decide, MaximaAreObeyedIdleOnesFirst) {
  Scene scene = cpu_and_gpu();
  scene.type("cpu").max_workers = 2;
  scene.config.max_workers = 2;
  scene.add_node("cpu", "cpu-1").available = {};
  scene.add_idle("cpu", "cpu-2", minutes(1));
  scene.add_node("cpu", "cpu-3").stage = Stage::kStarting;
  scene.add_node("gpu", "gpu-1").available = {};
  const Decision decision = scene.decide();
  EXPECT_EQ(releases(decision),
            "cpu-2: max_workers of the cluster is 2\n"
            "cpu-3: max_workers of cpu is 2\n");
  EXPECT_TRUE(decision.scale.if_idle.empty());
}

TEST(Decide, ANoticeIsAnsweredBeforeTheNodeDies) {
  Scene scene = cpu_and_gpu();
  scene.type("gpu").max_workers = 1;
  FleetNode& node = scene.add_node("gpu", "gpu-1");
  node.ends_at = Scene::kNow + minutes(2);
  scene.wait({{"GPU", 1}});
  const Decision decision = scene.decide();
  EXPECT_EQ(launched(decision, "gpu"), 1);
  ASSERT_EQ(decision.release.size(), 1U);
  EXPECT_EQ(decision.release[0].cause, Cause::kNotice);
  EXPECT_TRUE(decision.scale.if_idle.empty());
  EXPECT_EQ(decision.scale.want.at({"gpu"}), 1);
}

TEST(Decide, OutdatedNodesGoOnlyWhereThatIsAskedFor) {
  Scene scene = cpu_and_gpu();
  scene.add_node("cpu", "cpu-1").outdated = true;
  EXPECT_EQ(releases(scene.decide()), "");
  scene.options.replace_outdated = true;
  EXPECT_EQ(releases(scene.decide()), "cpu-1: its launch config is not the one in the file\n");
}

TEST(Decide, NodesOfARemovedTypeGo) {
  Scene scene = cpu_and_gpu();
  scene.add_node("cpu", "old-1").type = {"old"};
  EXPECT_EQ(releases(scene.decide()), "old-1: old is no longer a worker type\n");
}

TEST(Decide, APausedTypeIsLeftAsItIs) {
  Scene scene = cpu_and_gpu();
  scene.type("gpu").max_workers = 1;
  scene.add_idle("gpu", "gpu-1", minutes(60));
  scene.add_idle("gpu", "gpu-2", minutes(60)).ends_at = Scene::kNow;
  scene.options.frozen = {{"gpu"}};
  scene.wait({{"GPU", 4}}, 2);
  const Decision decision = scene.decide();
  EXPECT_EQ(releases(decision), "");
  EXPECT_EQ(decision.scale.want.at({"gpu"}), 2);
  EXPECT_EQ(unmet(decision), "1: gpu is paused\n") << "gpu-2 holds nothing, and stays";
}

TEST(Decide, AMachineThatNeverComesUpIsGivenUpAfterThreeTries) {
  Scene scene = cpu_and_gpu();
  scene.add_node("cpu", "cpu-1").stage = Stage::kFailed;
  scene.add_node("cpu", "cpu-2").stage = Stage::kFailed;
  Trouble trouble{.kind = Happened::Kind::kJoinFailed, .in_a_row = 2, .retry_at = Scene::kNow};
  scene.memory.trouble[{"cpu"}][""] = trouble;
  EXPECT_EQ(releases(scene.decide()), "");
  trouble.in_a_row = 3;
  scene.memory.trouble[{"cpu"}][""] = trouble;
  EXPECT_EQ(releases(scene.decide()), "cpu-1: it did not come up in 3 tries\n");
  trouble.retry_at += minutes(1);
  scene.memory.trouble[{"cpu"}][""] = trouble;
  EXPECT_EQ(releases(scene.decide()), "");
}

TEST(Decide, WhoIsOnTheWayOutIsReleasedSoThatNobodyElseGoesInItsPlace) {
  Scene scene = cpu_and_gpu();
  scene.add_node("cpu", "cpu-1").stage = Stage::kLeaving;
  scene.add_node("cpu", "cpu-2");
  const Decision decision = scene.decide();
  EXPECT_EQ(decision.scale.release, std::set<NodeName>{{"cpu-1"}});
  EXPECT_EQ(decision.scale.want.at({"cpu"}), 1);
  EXPECT_TRUE(decision.release.empty());
}

}  // namespace
}  // namespace rayctl
