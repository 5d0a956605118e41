#include "tests/aws_ec2/launch_world.h"

namespace rayctl::aws {
namespace {

class StoppedCacheTest : public testing::Test {
 protected:
  StoppedCacheTest() : world_({.cache_stopped = true}) {}
  // Two machines that ran once and are kept.
  void keep_two() {
    const auto made = world_.launch(2, "before");
    ASSERT_TRUE(made);
    int number = 0;
    for (const CloudNode& node : *made) {
      const std::string name = "cpu-" + std::to_string(++number);
      ASSERT_TRUE(world_.tagging->set(node.id, {{kTagNode, name}}, world_.soon()));
      ASSERT_TRUE(world_.ending->release(node.id, world_.soon()));
    }
    ASSERT_TRUE(world_.ec2.living().empty());
  }
  LaunchWorld world_;
};

TEST_F(StoppedCacheTest, WhatIsReleasedIsKeptWithoutItsName) {
  keep_two();
  const auto seen = instances_of(world_.ec2, {"demo"}, world_.soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->size(), 2U);
  for (const Ec2Instance& instance : *seen) {
    EXPECT_TRUE(instance.node.cached);
    EXPECT_EQ(instance.node.name, std::nullopt);
  }
}

TEST_F(StoppedCacheTest, KeptMachinesComeFirst) {
  keep_two();
  const auto made = world_.launch(3);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size(), 3U);
  EXPECT_EQ(ids_of(*made), living_ids(world_.ec2));
  EXPECT_EQ(world_.ec2.machines.size(), 3U);
  for (const CloudNode& node : *made) {
    EXPECT_EQ(node.token, OpToken{"op"});
    EXPECT_FALSE(node.cached);
    EXPECT_FALSE(node.tags.contains(kTagCached));
  }
  ASSERT_EQ(world_.journal["op"].size(), 2U);
  EXPECT_EQ(world_.journal["op"][0].what, "start i-1 i-2");
}

TEST_F(StoppedCacheTest, AnotherLaunchConfigStartsNone) {
  keep_two();
  world_.spec.digests.launch = {"4567"};
  const auto made = world_.launch(1);
  ASSERT_TRUE(made);
  EXPECT_EQ(ids_of(*made), std::set<std::string>{"i-3"});
}

TEST_F(StoppedCacheTest, AnotherTypeOrKindOrClusterStartsNone) {
  keep_two();
  world_.spec.type = {"gpu"};
  ASSERT_TRUE(world_.launch(1, "type"));
  world_.spec.type = {"cpu"};
  world_.spec.head = true;
  ASSERT_TRUE(world_.launch(1, "kind"));
  world_.spec.head = false;
  LaunchRequest request = world_.request(1, "cluster");
  request.tags[kTagClusterId] = "id-2";
  ASSERT_TRUE(world_.launching->launch(request, world_.config, world_.soon()));
  EXPECT_EQ(living_ids(world_.ec2), (std::set<std::string>{"i-3", "i-4", "i-5"}));
}

TEST_F(StoppedCacheTest, WhereTheyCannotStartOthersAreMadeAndTheyAreKept) {
  keep_two();
  world_.ec2.capacity[{"us-west-2a", "on-demand"}] = 0;
  const auto made = world_.launch(2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(by_zone(world_.ec2), (std::map<std::string, int>{{"us-west-2b", 2}}));
  EXPECT_TRUE(world_.ec2.machines["i-1"].tags.contains(kTagCached));
  EXPECT_EQ(ids_of(*made), living_ids(world_.ec2));
}

TEST_F(StoppedCacheTest, SpotMachinesEnd) {
  const std::string id = world_.ec2.add({.state = "running", .spot = true}).id;
  ASSERT_TRUE(world_.ending->release({id}, world_.soon()));
  EXPECT_EQ(world_.ec2.machines[id].state, "terminated");
}

TEST(Ending, WithoutACacheAReleasedMachineEnds) {
  LaunchWorld world;
  const std::string id = world.ec2.add({.state = "running"}).id;
  ASSERT_TRUE(world.ending->release({id}, world.soon()));
  EXPECT_EQ(world.ec2.machines[id].state, "terminated");
}

TEST(Ending, OneThatIsTooNewToBeFoundEndsAllTheSame) {
  LaunchWorld world;
  const std::string id = world.ec2.add({.state = "pending", .hidden = 3}).id;
  ASSERT_TRUE(world.ending->terminate({id}, world.soon()));
  EXPECT_EQ(world.ec2.machines[id].state, "terminated");
}

TEST(Ending, WhatIsNotThereIsAtItsEnd) {
  LaunchWorld world;
  EXPECT_TRUE(world.ending->terminate({"i-none"}, world.soon()));
  LaunchWorld caching({.cache_stopped = true});
  EXPECT_TRUE(caching.ending->release({"i-none"}, caching.soon()));
}

}  // namespace
}  // namespace rayctl::aws
