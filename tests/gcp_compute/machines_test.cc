#include "providers/gcp/errors.h"
#include "providers/gcp/instance_name.h"
#include "tests/gcp_compute/launch_world.h"

namespace rayctl::gcp {
namespace {

TEST(InstanceName, IsLegalAndItsOwn) {
  const std::string name =
      instance_name({"My_Cluster.of a name that is far too long for any machine's"}, false, false,
                    {"op"}, "us-west1-a n1 spot x1", {"cpu-1"});
  EXPECT_LE(name.size(), 63U);
  EXPECT_TRUE(name.starts_with("ray-my-cluster-of-a-name")) << name;
  EXPECT_TRUE(name.ends_with("-compute")) << name;
  EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos);
  EXPECT_NE(instance_name({"a"}, true, false, {"op"}, "x", {"n"}),
            instance_name({"a"}, true, false, {"op"}, "y", {"n"}));
  EXPECT_TRUE(instance_name({"a"}, true, true, {"op"}, "x", {"n"}).ends_with("-tpu"));
}

TEST(Instances, AListIsReadToItsEnd) {
  LaunchWorld world;
  world.gce.page = 2;
  ASSERT_TRUE(world.launch(5));
  const auto seen = instances_of(world.gce, world.index->place(), {"demo"}, world.soon());
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->size(), 5U);
}

TEST(Instances, AZoneThatCouldNotBeAskedIsAnError) {
  class Partial final : public Api {
   public:
    Reply<Json> call(const Call&, Time) override {
      return {Json{{"items", {{"zones/us-west1-a", {{"warning", {{"code", "UNREACHABLE"}}}}}}}},
              {}};
    }
  };
  Partial partial;
  const GcePlace place{.project = "p", .region = "us-west1", .zones = {"us-west1-a"}};
  const auto seen = instances_of(partial, place, {"demo"}, {});
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.value.error().fault, Fault::kTransient);
  EXPECT_NE(seen.value.error().message.find("UNREACHABLE"), std::string::npos);
}

TEST(Instances, AnotherRegionsMachinesOfThatNameAreNotOurs) {
  LaunchWorld world;
  world.gce.add({.name = "far", .zone = "europe-west1-b", .labels = {{kTagClusterName, "demo"}}});
  const auto seen = instances_of(world.gce, world.index->place(), {"demo"}, world.soon());
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->empty());
}

class LabellingTest : public testing::Test {
 protected:
  LabellingTest() {
    world_.gce.add({.name = "m", .zone = "us-west1-b", .labels = {{"team", "ml"}}});
  }
  std::map<std::string, std::string>& labels() { return world_.gce.machines.at("m").labels; }
  LaunchWorld world_;
};

TEST_F(LabellingTest, AddsAndRemovesAndLeavesTheRest) {
  ASSERT_TRUE(world_.labelling->change({"m"}, {{kTagNode, "cpu-1"}}, {}, world_.soon()));
  ASSERT_TRUE(world_.labelling->change({"m"}, {{kTagCached, "1"}}, {kTagNode}, world_.soon()));
  EXPECT_EQ(labels(), (std::map<std::string, std::string>{{"team", "ml"}, {kTagCached, "1"}}));
  EXPECT_EQ(world_.gce.calls("compute.instances.setLabels"), 2) << "no stale fingerprint was sent";
}

TEST_F(LabellingTest, WhereNothingChangesNothingIsCalled) {
  ASSERT_TRUE(world_.labelling->change({"m"}, {{"team", "ml"}}, {kTagNode}, world_.soon()));
  EXPECT_EQ(world_.gce.calls("compute.instances.setLabels"), 0);
}

TEST_F(LabellingTest, WhoIsSecondReadsAgain) {
  ASSERT_TRUE(world_.index->find({"m"}, world_.soon()));
  labels()["other"] = "x";
  ASSERT_TRUE(world_.labelling->change({"m"}, {{kTagNode, "cpu-1"}}, {}, world_.soon()));
  EXPECT_EQ(labels().size(), 3U) << "the other's label is kept";
  EXPECT_EQ(world_.gce.calls("compute.instances.setLabels"), 2);
}

TEST_F(LabellingTest, AMachineThatIsGoneIsSaid) {
  const auto done = world_.labelling->change({"none"}, {{kTagNode, "n"}}, {}, world_.soon());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.api.status, 404);
  EXPECT_EQ(done.value.error().fault, Fault::kPermanent);
}

TEST(Ending, WithoutACacheAReleasedMachineEnds) {
  LaunchWorld world;
  world.gce.add({.name = "m", .zone = "us-west1-c"});
  ASSERT_TRUE(world.ending->release({"m"}, world.soon()));
  EXPECT_TRUE(world.gce.machines.empty());
}

TEST(Ending, WhatIsNotThereIsAtItsEnd) {
  LaunchWorld world;
  EXPECT_TRUE(world.ending->terminate({"none"}, world.soon()));
  LaunchWorld caching({.cache_stopped = true});
  EXPECT_TRUE(caching.ending->release({"none"}, caching.soon()));
}

TEST(Ending, OneThatIsTooNewToBeListedEndsAllTheSame) {
  LaunchWorld world;
  world.gce.add({.name = "m", .zone = "us-west1-c", .hidden = 5});
  ASSERT_TRUE(world.ending->terminate({"m"}, world.soon()));
  EXPECT_TRUE(world.gce.machines.empty());
}

TEST(Ending, OneThatMayNotBeDeletedIsSaid) {
  LaunchWorld world;
  world.gce.add({.name = "m", .zone = "us-west1-c"});
  world.gce.refuse_once["compute.instances.delete"] = {
      403, "forbidden", "Required 'compute.instances.delete' permission for 'm'"};
  const Result<> ended = world.ending->terminate({"m"}, world.soon());
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kCredentials);
}

class StoppedCacheTest : public testing::Test {
 protected:
  StoppedCacheTest() : world_({.cache_stopped = true}) {}
  // Two machines that ran once and are kept.
  std::set<std::string> keep_two() {
    const auto made = world_.launch(2, "before");
    EXPECT_TRUE(made);
    for (const CloudNode& node : *made)
      EXPECT_TRUE(world_.ending->release(node.id, world_.soon()));
    EXPECT_TRUE(world_.gce.living().empty());
    return ids_of(*made);
  }
  LaunchWorld world_;
};

TEST_F(StoppedCacheTest, WhatIsReleasedIsKeptWithoutItsName) {
  keep_two();
  const auto seen = instances_of(world_.gce, world_.index->place(), {"demo"}, world_.soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->size(), 2U);
  for (const GceInstance& instance : *seen) {
    EXPECT_TRUE(instance.node.cached);
    EXPECT_EQ(instance.node.name, std::nullopt);
  }
}

TEST_F(StoppedCacheTest, KeptMachinesComeFirst) {
  const std::set<std::string> kept = keep_two();
  const auto made = world_.launch(3);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 3U);
  EXPECT_EQ(ids_of(*made), living_ids(world_.gce));
  EXPECT_EQ(world_.gce.machines.size(), 3U);
  std::set<std::string> names;
  for (const CloudNode& node : *made) {
    EXPECT_EQ(node.token, OpToken{"op"});
    EXPECT_FALSE(node.cached);
    names.insert(node.name.value_or(NodeName{}).text);
  }
  EXPECT_EQ(names, (std::set<std::string>{"cpu-1", "cpu-2", "cpu-3"}));
  ASSERT_EQ(world_.journal["op"].size(), 2U);
  EXPECT_EQ(world_.journal["op"][0].what, "start " + *kept.begin() + " " + *kept.rbegin());
}

TEST_F(StoppedCacheTest, AnotherLaunchConfigStartsNone) {
  const std::set<std::string> kept = keep_two();
  world_.spec.digests.launch = {"4567"};
  const auto made = world_.launch(1);
  ASSERT_TRUE(made);
  EXPECT_FALSE(kept.contains(made->at(0).id.text));
}

TEST_F(StoppedCacheTest, WhereTheyCannotStartOthersAreMadeAndTheyAreKept) {
  const std::set<std::string> kept = keep_two();
  world_.gce.capacity[{"us-west1-a", "on-demand"}] = 0;
  const auto made = world_.launch(2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(by_zone(world_.gce), (std::map<std::string, int>{{"us-west1-b", 2}}));
  for (const std::string& name : kept)
    EXPECT_TRUE(world_.gce.machines.at(name).labels.contains(kTagCached));
  EXPECT_EQ(ids_of(*made), living_ids(world_.gce));
}

}  // namespace
}  // namespace rayctl::gcp
