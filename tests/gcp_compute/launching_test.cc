#include "providers/gcp/errors.h"
#include "tests/gcp_compute/launch_world.h"

namespace rayctl::gcp {
namespace {

TEST(Launching, AMachineHasItsNameAndAllOfItsLabelsFromTheStart) {
  LaunchWorld world;
  const auto made = world.launch(2);
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 2U);
  for (const CloudNode& node : *made) {
    EXPECT_TRUE(node.id.text.starts_with("ray-demo-worker-")) << node.id.text;
    EXPECT_TRUE(node.id.text.ends_with("-compute")) << node.id.text;
    EXPECT_EQ(node.token, OpToken{"op"});
    EXPECT_EQ(node.cluster, ClusterId{"id-1"});
    EXPECT_TRUE(node.name);
    EXPECT_EQ(node.power, Power::kRunning);
  }
  EXPECT_EQ(world.gce.calls("compute.instances.setLabels"), 0);
  EXPECT_EQ(world.gce.calls("compute.instances.insert"), 2);
  EXPECT_EQ(world.gce.calls("compute.instances.aggregatedList"), 1) << "one look for all addresses";
  EXPECT_EQ(world.journal["op"].at(0).what, "us-west1-a n1-standard-2 on-demand x2");
}

TEST(Launching, TheSameTokenMakesTheSameMachines) {
  LaunchWorld world;
  const auto first = world.launch(2);
  ASSERT_TRUE(first);
  world.restart();
  const auto again = world.launch(2);
  ASSERT_TRUE(again);
  EXPECT_EQ(ids_of(*again), ids_of(*first));
  EXPECT_EQ(world.gce.machines.size(), 2U);
}

TEST(Launching, AnotherTokenMakesOthers) {
  LaunchWorld world;
  ASSERT_TRUE(world.launch(1, "t1"));
  ASSERT_TRUE(world.launch(1, "t2"));
  EXPECT_EQ(world.gce.machines.size(), 2U);
}

TEST(Launching, WhereAZoneIsSoldOutTheNextOneIsTriedForTheRest) {
  LaunchWorld world;
  world.gce.capacity[{"us-west1-a", "on-demand"}] = 1;
  const auto made = world.launch(3);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(by_zone(world.gce), (std::map<std::string, int>{{"us-west1-a", 1}, {"us-west1-b", 2}}));
  EXPECT_EQ(world.why, "");
  // It is remembered for a while.
  world.gce.capacity.clear();
  ASSERT_TRUE(world.launch(1, "next"));
  EXPECT_EQ(by_zone(world.gce)["us-west1-b"], 3);
}

TEST(Launching, FewerThanAskedForIsSaidByZone) {
  LaunchWorld world;
  for (const char* zone : {"us-west1-a", "us-west1-b", "us-west1-c"})
    world.gce.capacity[{zone, "on-demand"}] = 0;
  world.gce.capacity[{"us-west1-b", "on-demand"}] = 1;
  const auto made = world.launch(3);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 1U);
  EXPECT_EQ(world.why,
            "us-west1-a: ZONE_RESOURCE_POOL_EXHAUSTED: no room in us-west1-a (3 times); "
            "us-west1-b: ZONE_RESOURCE_POOL_EXHAUSTED: no room in us-west1-b (2 times); "
            "us-west1-c: ZONE_RESOURCE_POOL_EXHAUSTED: no room in us-west1-c (2 times)");
  for (const LaunchAttempt& attempt : world.journal["op"])
    EXPECT_TRUE(attempt.made) << attempt.what;
}

TEST(Launching, NothingAnywhereIsAnErrorThatNamesEveryZone) {
  LaunchWorld world;
  for (const char* zone : {"us-west1-a", "us-west1-b", "us-west1-c"})
    world.gce.refuses[{zone, "on-demand"}] = "QUOTA_EXCEEDED";
  const auto made = world.launch(1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kLaunchFailed);
  EXPECT_EQ(made.error().fault, Fault::kPermanent);
  EXPECT_NE(made.error().message.find("us-west1-c: QUOTA_EXCEEDED"), std::string::npos)
      << made.error().message;
}

TEST(Launching, SpotFallsBackToOnDemandWhereThatIsWanted) {
  LaunchWorld world({.spot_fallback = true});
  world.plan.node_config["scheduling"] = Json::array({{{"preemptible", true}}});
  for (const char* zone : {"us-west1-a", "us-west1-b", "us-west1-c"})
    world.gce.capacity[{zone, "spot"}] = 0;
  const auto made = world.launch(2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(by_zone(world.gce), (std::map<std::string, int>{{"us-west1-a", 2}}));
}

TEST(Launching, WithoutTheRightNothingElseIsTried) {
  LaunchWorld world;
  world.gce.refuse_once["compute.instances.insert"] = {
      403, "forbidden", "Required 'compute.instances.create' permission for 'projects/p'"};
  const auto made = world.launch(1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kCredentials) << made.error().message;
  EXPECT_EQ(world.gce.calls("compute.instances.insert"), 1);
}

TEST(Launching, AnOperationThatNeverEndsIsLeftOpenAndTakenUpAgain) {
  LaunchWorld world;
  world.gce.never_end.insert("compute.instances.insert");
  const auto made = world.launch(1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::kUnknown);
  EXPECT_NE(made.error().message.find("has not ended after"), std::string::npos)
      << made.error().message;
  EXPECT_FALSE(world.journal["op"].at(0).made);
  world.gce.never_end.clear();
  world.restart();
  const auto later = world.launch(1);
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(world.gce.machines.size(), 1U);
}

TEST(Launching, AnOperationThatFailsForGoogleItselfIsOver) {
  LaunchWorld world;
  world.gce.refuses[{"us-west1-a", "on-demand"}] = "INTERNAL_ERROR";
  const auto made = world.launch(2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(by_zone(world.gce), (std::map<std::string, int>{{"us-west1-b", 2}}));
  for (const LaunchAttempt& attempt : world.journal["op"])
    EXPECT_TRUE(attempt.made) << attempt.what;
}

TEST(Launching, ANameThatAnotherHasIsNotTaken) {
  LaunchWorld world;
  ASSERT_TRUE(world.launch(1));
  FakeGce::Machine taken = world.gce.living().at(0);
  LaunchWorld other;
  taken.labels[kTagOp] = "foreign";
  other.gce.add(taken);
  const auto made = other.launch(1);
  EXPECT_EQ(other.gce.machines.at(taken.name).labels.at(kTagOp), "foreign");
  EXPECT_FALSE(made && made->at(0).id.text == taken.name);
}

TEST(Launching, ThousandsAreMadeInOneAttempt) {
  LaunchWorld world;
  const auto made = world.launch(2'000);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 2'000U);
}

}  // namespace
}  // namespace rayctl::gcp
