#include "autoscaler/decide.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/autoscaler/scene.h"

namespace rayctl {
namespace {

using std::chrono::minutes;
using Stage = FleetNode::Stage;

TEST(Decide, LaunchesWhatWaitsAndSaysWhatFor) {
  Scene scene = cpu_and_gpu();
  scene.wait({{"CPU", 1}}, 10).wait({{"GPU", 1}});
  const Decision decision = scene.decide();
  EXPECT_EQ(launched(decision, "cpu"), 1);
  EXPECT_EQ(launched(decision, "gpu"), 1);
  EXPECT_EQ(reasons(decision), "cpu 1: for 2 x {CPU: 1}\ngpu 1: for 8 x {CPU: 1}, 1 x {GPU: 1}\n");
  EXPECT_EQ(decision.scale.want, (std::map<NodeTypeName, int>{{{"cpu"}, 1}, {{"gpu"}, 1}}));
  EXPECT_EQ(unmet(decision), "");
}

TEST(Decide, SparesGpuNodesForGpuWork) {
  Scene scene = cpu_and_gpu();
  scene.add_node("gpu", "gpu-1");
  scene.add_node("cpu", "cpu-1");
  scene.wait({{"CPU", 4}});
  EXPECT_TRUE(scene.decide().launch.empty());
  scene.wait({{"CPU", 8}});  // fits nowhere else: a preference, no rule
  EXPECT_TRUE(scene.decide().launch.empty());
}

TEST(Decide, LaunchingNodesCountAsCapacity) {
  for (const Stage stage : {Stage::kAsked, Stage::kStarting}) {
    Scene scene = cpu_and_gpu();
    FleetNode& node = scene.add_node("cpu", "cpu-1");
    node.stage = stage;
    node.total = node.available = {};
    scene.wait({{"CPU", 2}}, 2);
    EXPECT_TRUE(scene.decide().launch.empty());
  }
}

TEST(Decide, AFailedNodeFillsAPlaceAndHoldsNothing) {
  Scene scene = cpu_and_gpu();
  FleetNode& node = scene.add_node("gpu", "gpu-1");
  node.stage = Stage::kFailed;
  node.failure = "set-up ended with 1";
  scene.brakes.pace[{"gpu"}] = {.open = false, .closed_because = "set-up failed 1 time"};
  scene.wait({{"GPU", 1}});
  Decision decision = scene.decide();
  EXPECT_TRUE(decision.launch.empty());
  EXPECT_EQ(decision.hold, std::set<NodeName>{{"gpu-1"}});
  EXPECT_EQ(decision.scale.want[{"gpu"}], 1);
  EXPECT_EQ(unmet(decision), "1: gpu: set-up failed 1 time\n");

  scene.brakes.pace[{"gpu"}] = {.one_tries = true};
  decision = scene.decide();
  EXPECT_TRUE(decision.launch.empty()) << "the failed one tries first";
  EXPECT_TRUE(decision.hold.empty());

  scene.brakes.pace.clear();
  EXPECT_EQ(launched(scene.decide(), "gpu"), 1);
}

TEST(Decide, AClosedTypeIsStoodInForByAnother) {
  Scene scene;
  scene.add_type("spot", {{"CPU", 4}}).priority = 5;
  scene.add_type("demand", {{"CPU", 4}});
  scene.wait({{"CPU", 4}});
  EXPECT_EQ(launched(scene.decide(), "spot"), 1);
  scene.brakes.pace[{"spot"}] = {.open = false, .closed_because = "1 launch failed"};
  EXPECT_EQ(launched(scene.decide(), "demand"), 1);
  scene.brakes.pace[{"spot"}] = {.availability = 0.5};
  EXPECT_EQ(launched(scene.decide(), "demand"), 1) << "what launches well goes before priority";
}

TEST(Decide, UpscalingSpeedPutsDemandsOffAndNothingElse) {
  Scene scene = cpu_and_gpu();
  scene.type("cpu").min_workers = 1;
  scene.brakes.at_once[{"cpu"}] = 3;
  scene.load.gangs.push_back(
      {"ab", GangStrategy::kStrictSpread, {{{{"CPU", 4}}}, {{{"CPU", 4}}}, {{{"CPU", 4}}}}});
  scene.type("gpu").max_workers = 0;
  scene.wait({{"CPU", 4}}, 5);
  const Decision decision = scene.decide();
  EXPECT_EQ(launched(decision, "cpu"), 3);
  EXPECT_EQ(reasons(decision),
            "cpu 1: min_workers of cpu is 1\n"
            "cpu 2: for placement group ab (STRICT_SPREAD)\n"
            "cpu 5: held back: upscaling_speed lets 3 nodes of cpu be launched now\n");
  EXPECT_EQ(unmet(decision), "5: upscaling_speed lets 3 nodes of cpu be launched now\n");
}

TEST(Decide, AnythingIsDecided) {
  const double odd[] = {std::nan(""), std::numeric_limits<double>::infinity(), -1, 1e300, 0};
  const int limits[] = {std::numeric_limits<int>::min(), -1, 0, 3};
  for (const double value : odd) {
    for (const int limit : limits) {
      Scene scene;
      scene.add_type("a", {{"CPU", value}, {"GPU", 1}}, limit).min_workers = limit;
      scene.config.max_workers = limit;
      scene.config.idle_timeout_minutes = value;
      scene.add_idle("a", "a-1", minutes(9)).available = {{"CPU", -value}};
      scene.add_idle("a", "a-1", minutes(9)).total = {};
      scene.wait({{"CPU", value}}, std::numeric_limits<std::int64_t>::max());
      scene.wait({{"CPU", value}}, std::numeric_limits<std::int64_t>::max());
      scene.wait({{"GPU", value}, {"CPU", 1}}, -5).wait({}, 3);
      scene.load.gangs = {{"", GangStrategy::kStrictPack, {}},
                          {"", GangStrategy::kPack, {{{{"CPU", value}}}}}};
      const Decision decision = scene.decide();
      EXPECT_GE(decision.scale.want.at({"a"}), 0);
    }
  }
}

}  // namespace
}  // namespace rayctl
