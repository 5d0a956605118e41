#include "autoscaler/decide.h"

#include <gtest/gtest.h>

#include "tests/autoscaler/scene.h"

namespace rayctl {
namespace {

const LabelSelector kZoneA = {{"zone", true, {"a"}}};
const LabelSelector kZoneB = {{"zone", true, {"b"}}};

TEST(Decide, TellsTheImpossibleFromWhatALimitHoldsBack) {
  Scene scene = cpu_and_gpu();
  scene.config.max_workers = 3;
  scene.wait({{"GPU", 8}}).wait({{"TPU", 1}}).wait({{"GPU", 4}}, 3);
  scene.wait({{"CPU", 2}}, 1, {kZoneA}).wait({{"memory", 2e9}, {"CPU", 1}});
  EXPECT_EQ(unmet(scene.decide()),
            "! 1: no node type that is large enough has the labels: {CPU: 2} on zone a\n"
            "! 1: no node type has memory\n"
            "! 1: no node type has 8 GPU (largest: gpu, 4)\n"
            "1: max_workers of gpu is 2\n"
            "! 1: no node type has TPU\n");
  scene.load.demands.clear();
  scene.wait({{"CPU", 4}}, 5);
  scene.type("gpu").max_workers = 0;
  EXPECT_EQ(unmet(scene.decide()), "2: max_workers of the cluster is 3; max_workers of gpu is 0\n");
}

TEST(Decide, WhatANodeHoldsIsNotImpossible) {
  Scene scene = cpu_and_gpu();
  FleetNode& odd = scene.add_node("cpu", "cpu-1");
  odd.total["disk"] = 1;
  scene.wait({{"disk", 1}}).wait({{"CPU_group_0_ab", 1}});
  EXPECT_EQ(unmet(scene.decide()),
            "1: only nodes in use could hold it\n1: it waits for its placement group\n");
}

TEST(Decide, LabelsAndFallbacks) {
  Scene scene;
  scene.add_type("a", {{"CPU", 4}}, 1).labels = {{"zone", "a"}};
  scene.add_type("b", {{"CPU", 4}}).labels = {{"zone", "b"}};
  scene.wait({{"CPU", 4}}, 2, {kZoneA, kZoneB});
  const Decision decision = scene.decide();
  EXPECT_EQ(launched(decision, "a"), 1);
  EXPECT_EQ(launched(decision, "b"), 1);
  scene.load.demands.clear();
  scene.wait({{"CPU", 1}}, 1, {{{"zone", false, {"a", "b"}}}});
  EXPECT_TRUE(scene.decide().unmet.at(0).impossible);
}

TEST(Decide, ANodeThatHoldsABundleOfASpreadGroupGetsNoSecond) {
  Scene scene;
  scene.add_type("a", {{"CPU", 4}}, 10);
  scene.add_node("a", "a-1").labels = {{"_PG_ab", ""}};
  scene.load.gangs = {{"ab", GangStrategy::kStrictSpread, {{{{"CPU", 1}}}}}};
  EXPECT_EQ(launched(scene.decide(), "a"), 1);
  scene.load.gangs[0].id = "cd";
  EXPECT_EQ(launched(scene.decide(), "a"), 0);
}

TEST(Decide, StrictPackIsOneNodeWhateverEachBundleAsks) {
  Scene scene;
  scene.add_type("a", {{"CPU", 4}}).labels = {{"zone", "a"}};
  scene.add_type("b", {{"CPU", 8}}).labels = {{"zone", "b"}, {"disk", "ssd"}};
  const LabelSelector ssd = {{"disk", true, {"ssd"}}};
  scene.load.gangs = {
      {"ab", GangStrategy::kStrictPack, {{{{"CPU", 2}}, {kZoneB}}, {{{"CPU", 2}}, {ssd}}}}};
  EXPECT_EQ(launched(scene.decide(), "b"), 1);
  scene.load.gangs[0].bundles[0].selectors = {kZoneA};
  const Decision decision = scene.decide();
  EXPECT_TRUE(decision.launch.empty());
  EXPECT_TRUE(decision.unmet.at(0).impossible);
}

TEST(Decide, TenTenthsAreOne) {
  Scene scene;
  scene.add_type("a", {{"disk", 1}});
  scene.add_node("a", "a-1");
  scene.wait({{"disk", 0.1}}, 10);
  EXPECT_TRUE(scene.decide().launch.empty());
  scene.wait({{"disk", 0.0001}});
  EXPECT_EQ(launched(scene.decide(), "a"), 1);
}

TEST(Decide, ATypeThatSaysNothingHasWhatItsNodesHave) {
  Scene scene;
  scene.add_type("a", {});
  scene.wait({{"CPU", 4}});
  EXPECT_TRUE(scene.decide().launch.empty());
  FleetNode& node = scene.add_node("a", "a-1");
  node.total = {{"CPU", 8}, {"node:10.0.0.1", 1}};
  EXPECT_EQ(launched(scene.decide(), "a"), 1);
}

}  // namespace
}  // namespace rayctl
