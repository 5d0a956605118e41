#include <gtest/gtest.h>

#include "tests/contract/ray_cluster_contract.h"
#include "tests/crash/pipe.h"

namespace rayctl {
namespace {

constexpr Millis kMinute{60'000};
const CloudId kHead{"i-100"};

// A head, two workers of two CPUs, one of them with a label.
struct FakeRayTest : ::testing::Test {
  FakeRayTest() : pipe(2) {
    pipe.desired.specs.at({"small"}).start.resources = {{"CPU", 2}};
    pipe.desired.specs.at({"small"}).start.labels = {{"zone", "a"}};
    pipe.desired.specs.at({"head"}).start.resources = {{"CPU", 0}};
    seal(pipe.desired);
    EXPECT_EQ(pipe.converge(1), "");
  }
  RayNode node(const std::string& name) {
    const auto view = ray()->view({});
    EXPECT_TRUE(view.ok());
    return view->nodes.at(pipe.fake.machine(name).node.id);
  }
  Load load() { return ray()->state({})->load; }
  std::unique_ptr<RayCluster> ray() { return make_fake_ray(pipe.fake, kHead); }
  Pipe pipe;
  FakeWork& work = pipe.fake.work;
};

TEST_F(FakeRayTest, KeepsWhatGcsKeeps) {
  testing::expect_what_gcs_keeps(*ray(), kHead);
}

TEST_F(FakeRayTest, NodesHaveWhatTheirSpecSays) {
  EXPECT_EQ(node("small-1").total, (Resources{{"CPU", 2}}));
  EXPECT_EQ(node("small-1").available, (Resources{{"CPU", 2}}));
  EXPECT_EQ(node("small-1").type, "small");
  EXPECT_EQ(node("small-1").labels, (std::map<std::string, std::string>{{"zone", "a"}}));
}

TEST_F(FakeRayTest, TasksTakeNodesAndTheRestWaits) {
  work.submit({{"CPU", 1}}, 5, kMinute);
  EXPECT_EQ(load().demands, (std::vector<Demand>{{{{{"CPU", 1}}, {}}, 1}}));
  EXPECT_EQ(work.running(), 4);
  EXPECT_FALSE(node("small-1").idle);
  EXPECT_EQ(node("small-1").available, Resources{});
  EXPECT_EQ(node("small-1").idle_for, Millis{0});

  pipe.fake.clock.turn(kMinute + Millis{10'000});  // the fifth began when the first ended
  EXPECT_EQ(load().demands, std::vector<Demand>{});
  EXPECT_EQ(work.running(), 1);
  EXPECT_EQ(work.finished(), 4);
  EXPECT_FALSE(node("small-1").idle);
  EXPECT_EQ(node("small-2").idle_for, Millis{10'000});

  pipe.fake.clock.turn(kMinute);
  EXPECT_EQ(node("small-1").idle_for, Millis{10'000});
  EXPECT_EQ(work.finished(), 5);
  EXPECT_EQ(work.interrupted(), 0);
}

TEST_F(FakeRayTest, WhatFitsNowhereWaitsAndStarvesNobody) {
  work.submit({{"GPU", 1}}, 1, kMinute);
  work.submit({{"CPU", 1}}, 1, kMinute, {{{.key = "zone", .in = false, .values = {"a"}}}});
  work.submit({{"CPU", 1}}, 1, kMinute);
  EXPECT_EQ(load().demands.size(), 2U);
  EXPECT_EQ(work.running(), 1);
}

TEST_F(FakeRayTest, GroupsGetAllTheirPlacesOrNone) {
  const ResourceRequest half{{{"CPU", 1}}, {}};
  work.submit(Gang{"a", GangStrategy::kStrictSpread, {half, half, half}}, kMinute);
  work.submit(Gang{"b", GangStrategy::kStrictPack, {half, half, half}}, kMinute);
  EXPECT_EQ(load().gangs.size(), 2U);
  EXPECT_EQ(work.running(), 0);
  work.submit(Gang{"c", GangStrategy::kStrictPack, {half, half}}, kMinute);
  work.submit(Gang{"d", GangStrategy::kPack, {half, half}}, kMinute);
  EXPECT_EQ(load().gangs.size(), 2U);
  EXPECT_EQ(work.running(), 2);
}

TEST_F(FakeRayTest, AStrictPackFindsTheNodeThatHoldsAllOfIt) {
  work.submit({{"CPU", 1}}, 1, kMinute);
  const ResourceRequest half{{{"CPU", 1}}, {}};
  work.submit(Gang{"c", GangStrategy::kStrictPack, {half, half}}, kMinute);
  (void)load();
  EXPECT_EQ(work.running(), 2);
  EXPECT_EQ(node("small-2").available, Resources{});
}

TEST_F(FakeRayTest, RequestResourcesIsSaidUntilItIsReplaced) {
  const std::vector<Demand> asked = {{{{{"CPU", 1}}, {}}, 20}};
  work.request_resources(asked);
  EXPECT_EQ(load().asked, asked);
  work.request_resources({});
  EXPECT_EQ(load().asked, std::vector<Demand>{});
}

TEST_F(FakeRayTest, ADrainingNodeTakesNothingNewAndDiesWhenItIsIdle) {
  work.submit({{"CPU", 1}}, 1, kMinute);
  const auto refused =
      ray()->drain(node("small-1").node_id, DrainReason::kIdleTermination, "", {}, {});
  EXPECT_FALSE(refused->accepted);
  EXPECT_TRUE(
      ray()->drain(node("small-1").node_id, DrainReason::kPreemption, "", {}, {})->accepted);
  EXPECT_EQ(node("small-1").state, RayNode::State::kDraining);
  work.submit({{"CPU", 2}}, 2, kMinute);
  EXPECT_EQ(load().demands, (std::vector<Demand>{{{{{"CPU", 2}}, {}}, 1}}));
  pipe.fake.clock.turn(kMinute);
  EXPECT_EQ(node("small-1").state, RayNode::State::kDead);
  EXPECT_EQ(work.interrupted(), 0);
}

TEST_F(FakeRayTest, WhatLostItsNodeIsRetried) {
  work.submit({{"CPU", 2}}, 2, 60 * kMinute);
  (void)load();
  EXPECT_EQ(work.running(), 2);
  pipe.desired.want.at({"small"}) = 1;
  seal(pipe.desired);
  EXPECT_EQ(pipe.converge(1), "");
  EXPECT_EQ(work.interrupted(), 1);
  EXPECT_EQ(work.running(), 1);
  EXPECT_EQ(load().demands, (std::vector<Demand>{{{{{"CPU", 2}}, {}}, 1}}));
}

TEST_F(FakeRayTest, ARestartedHeadKnowsNoReport) {
  ASSERT_TRUE(ray()->report({.version = 5}, {}).ok());
  EXPECT_EQ(*ray()->reported_version({}), 5);
  pipe.options.restart = true;
  EXPECT_TRUE(pipe.apply(pipe.plan()).ok());
  EXPECT_EQ(*ray()->reported_version({}), 0);
}

}  // namespace
}  // namespace rayctl
