#include "providers/aws/query_params.h"
#include "providers/aws/user_data.h"
#include "tests/aws_ec2/launch_world.h"

namespace rayctl::aws {
namespace {

const char* const kA = "us-west-2a";
const char* const kB = "us-west-2b";
const char* const kC = "us-west-2c";

TEST(Launching, OneCallForAllInTheFirstZone) {
  LaunchWorld world;
  const auto made = world.launch(5);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 5U);
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kA, 5}}));
  EXPECT_EQ(world.ec2.calls("RunInstances"), 1);
  EXPECT_EQ(world.why, "");
}

TEST(Launching, MachinesAndVolumesAreTaggedFromTheStart) {
  LaunchWorld world;
  world.config["TagSpecifications"] = {
      {{"ResourceType", "instance"},
       {"Tags",
        {{{"Key", "team"}, {"Value", "red"}},
         {{"Key", "rayctl-op"}, {"Value", "forged"}},
         {{"Key", "Name"}, {"Value", "mine"}}}}},
      {{"ResourceType", "network-interface"}, {"Tags", {{{"Key", "n"}, {"Value", "1"}}}}}};
  LaunchRequest request = world.request(1);
  request.tags[kTagNodeName] = "ray-demo-worker";
  const auto made = world.launching->launch(request, world.config, world.soon());
  ASSERT_TRUE(made);
  const FakeEc2::Machine machine = world.ec2.living().at(0);
  Tags wanted = to_ec2_tags(request.tags);
  EXPECT_EQ(machine.volume_tags, wanted);
  wanted["team"] = "red";
  wanted[kTagName] = "mine";
  EXPECT_EQ(machine.tags, wanted);
  EXPECT_EQ(world.ec2.launches[0].at("TagSpecification.2.ResourceType"), "network-interface");
  EXPECT_EQ(made->at(0).token, OpToken{"op"});
  EXPECT_EQ(made->at(0).cluster, ClusterId{"id-1"});
}

TEST(Launching, TheNextZoneWhereTheFirstIsFull) {
  LaunchWorld world;
  world.ec2.capacity[{kA, "on-demand"}] = 0;
  const auto made = world.launch(2);
  ASSERT_TRUE(made);
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kB, 2}}));
}

TEST(Launching, WhatOneZoneLacksComesFromTheNext) {
  LaunchWorld world;
  world.ec2.capacity[{kA, "on-demand"}] = 2;
  const auto made = world.launch(5);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size(), 5U);
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kA, 2}, {kB, 3}}));
  EXPECT_EQ(world.why, "");
}

TEST(Launching, FewerThanAskedSaysWhy) {
  LaunchWorld world;
  world.ec2.capacity = {{{kA, "on-demand"}, 1}, {{kB, "on-demand"}, 0}, {{kC, "on-demand"}, 1}};
  const auto made = world.launch(5);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size(), 2U);
  EXPECT_EQ(world.why,
            "us-west-2a: 1 of 5; us-west-2b: InsufficientInstanceCapacity: none left in us-west-2b;"
            " us-west-2c: 1 of 4");
}

TEST(Launching, EveryAlternativeIsInTheError) {
  LaunchWorld world;
  world.config["InstanceMarketOptions"] = {{"MarketType", "spot"}};
  world.settings.spot_fallback = true;
  world.settings.zones = {kA, kB};
  world.restart();
  world.ec2.refuses = {{{kA, "spot"}, "InsufficientInstanceCapacity"},
                       {{kB, "spot"}, "SpotMaxPriceTooLow"},
                       {{kA, "on-demand"}, "VcpuLimitExceeded"},
                       {{kB, "on-demand"}, "NobodyKnowsThisCode"}};
  const auto made = world.launch(1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::kPermanent);
  EXPECT_EQ(made.error().code, ErrorCode::kLaunchFailed);
  EXPECT_EQ(made.error().message,
            "us-west-2a spot: InsufficientInstanceCapacity: not in us-west-2a; "
            "us-west-2b spot: SpotMaxPriceTooLow: not in us-west-2b; "
            "us-west-2a: VcpuLimitExceeded: not in us-west-2a; "
            "us-west-2b: NobodyKnowsThisCode: not in us-west-2b");
}

TEST(Launching, SpotFallsBackToOnDemand) {
  LaunchWorld world;
  world.config["InstanceMarketOptions"] = {{"MarketType", "spot"}};
  world.settings.spot_fallback = true;
  world.restart();
  world.ec2.capacity = {{{kA, "spot"}, 1}, {{kB, "spot"}, 1}, {{kC, "spot"}, 0}};
  const auto made = world.launch(4);
  ASSERT_TRUE(made);
  EXPECT_EQ(by_zone(world.ec2),
            (std::map<std::string, int>{{"us-west-2a spot", 1}, {"us-west-2b spot", 1}, {kA, 2}}));
}

class EveryCode : public testing::TestWithParam<const char*> {};

TEST_P(EveryCode, LeadsToTheNextZone) {
  LaunchWorld world;
  world.ec2.refuses[{kA, "on-demand"}] = GetParam();
  const auto made = world.launch(2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kB, 2}}));
}

INSTANTIATE_TEST_SUITE_P(
    Launching, EveryCode,
    testing::Values("InsufficientInstanceCapacity", "InsufficientHostCapacity",
                    "InsufficientCapacity", "InsufficientReservedInstanceCapacity",
                    "InsufficientFreeAddressesInSubnet", "InsufficientCapacityOnHost",
                    "InsufficientAddressCapacity", "Unsupported", "SpotMaxPriceTooLow",
                    "ReservationCapacityExceeded", "UnsupportedOperation", "InvalidInstanceType",
                    "InstanceLimitExceeded", "VcpuLimitExceeded", "MaxSpotInstanceCountExceeded",
                    "VolumeLimitExceeded", "MaxIOPSLimitExceeded", "InvalidSubnetID.NotFound",
                    "ThereIsNoSuchCodeYet"));

class StoppingCode : public testing::TestWithParam<const char*> {};

TEST_P(StoppingCode, IsNotTriedElsewhere) {
  LaunchWorld world;
  world.ec2.refuses[{kA, "on-demand"}] = GetParam();
  const auto made = world.launch(2);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::kPermanent);
  EXPECT_NE(made.error().message.find(GetParam()), std::string::npos);
  EXPECT_EQ(world.ec2.calls("RunInstances"), 1);
}

INSTANTIATE_TEST_SUITE_P(Launching, StoppingCode,
                         testing::Values("UnauthorizedOperation", "AuthFailure",
                                         "InvalidParameterValue", "InvalidAMIID.Malformed",
                                         "InvalidAMIID.NotFound", "MissingParameter",
                                         "InvalidKeyPair.NotFound", "OptInRequired",
                                         "RequestExpired"));

TEST(Launching, WhereCapacityLackedComesLastForAWhile) {
  LaunchWorld world;
  world.ec2.capacity[{kA, "on-demand"}] = 0;
  ASSERT_TRUE(world.launch(1, "one"));
  world.ec2.capacity.clear();
  ASSERT_TRUE(world.launch(1, "two"));
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kB, 2}}));
  world.clock.turn(CapacityMemory<Alternative>::kFor);
  ASSERT_TRUE(world.launch(1, "three"));
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kA, 1}, {kB, 2}}));
}

TEST(Launching, WithNetworkInterfacesSubnetAndGroupsGoIntoThem) {
  LaunchWorld world;
  world.config["NetworkInterfaces"] = {{{"DeviceIndex", 0}, {"AssociatePublicIpAddress", true}}};
  ASSERT_TRUE(world.launch(1));
  const Params& sent = world.ec2.launches.at(0);
  EXPECT_EQ(sent.at("NetworkInterface.1.SubnetId"), "subnet-a");
  EXPECT_EQ(sent.at("NetworkInterface.1.SecurityGroupId.1"), "sg-1");
  EXPECT_FALSE(sent.contains("SubnetId"));
  EXPECT_FALSE(sent.contains("SecurityGroupId.1"));
}

TEST(Launching, InterfacesThatNameTheirSubnetKeepIt) {
  LaunchWorld world;
  world.config.erase("SecurityGroupIds");
  world.config["NetworkInterfaces"] = {
      {{"DeviceIndex", 0}, {"SubnetId", "subnet-b"}, {"Groups", {"sg-1"}}},
      {{"DeviceIndex", 1}, {"SubnetId", "subnet-b"}, {"Groups", {"sg-1"}}}};
  ASSERT_TRUE(world.launch(2));
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kB, 2}}));
  EXPECT_EQ(world.ec2.calls("RunInstances"), 1);
}

TEST(Launching, TheSameTokenAgainGivesTheSameMachines) {
  LaunchWorld world;
  world.ec2.capacity[{kA, "on-demand"}] = 2;
  const auto first = world.launch(5);
  world.journal.clear();
  world.restart();
  const auto second = world.launch(5);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(ids_of(*first), ids_of(*second));
  EXPECT_EQ(world.ec2.living().size(), 5U);
}

TEST(Launching, ALostAnswerIsForTheCallerToComeBackWith) {
  LaunchWorld world;
  bool once = true;
  world.ec2.loses = [&](const std::string& action) {
    return action == "RunInstances" && std::exchange(once, false);
  };
  const LaunchRequest request = world.request(3);
  const auto lost = world.launching->launch(request, world.config, world.soon());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().fault, Fault::kUnknown);
  const auto made = world.launching->launch(request, world.config, world.soon());
  ASSERT_TRUE(made);
  EXPECT_EQ(ids_of(*made), living_ids(world.ec2));
  EXPECT_EQ(world.ec2.living().size(), 3U);
}

TEST(Launching, WhoComesBackWithoutTheAttemptsGoesOnAllTheSame) {
  LaunchWorld world;
  world.ec2.capacity[{kA, "on-demand"}] = 0;
  int calls = 0;
  world.ec2.loses = [&](const std::string& action) {
    return action == "RunInstances" && ++calls == 2;
  };
  const LaunchRequest request = world.request(2);
  ASSERT_FALSE(world.launching->launch(request, world.config, world.soon()));
  world.ec2.capacity.clear();
  const auto made = world.launching->launch(request, world.config, world.soon());
  ASSERT_TRUE(made);
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kB, 2}}));
  EXPECT_EQ(ids_of(*made), living_ids(world.ec2));
}

TEST(Launching, ThrottledToTheEndIsRepeatedAsTheSameCall) {
  LaunchWorld world;
  world.ec2.refuse_once["RunInstances"] = 1;
  const auto throttled = world.launch(2);
  ASSERT_FALSE(throttled);
  EXPECT_NE(throttled.error().fault, Fault::kPermanent);
  const auto made = world.launch(2);
  ASSERT_TRUE(made);
  EXPECT_EQ(world.journal["op"].size(), 1U);
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kA, 2}}));
}

TEST(Launching, AChangedConfigCountsWhatWasMadeAndMakesNoMore) {
  LaunchWorld world;
  world.ec2.lag = 2;
  world.ec2.capacity[{kA, "on-demand"}] = 2;
  world.ec2.loses = [](const std::string& action) { return action == "RunInstances"; };
  ASSERT_FALSE(world.launch(5));
  world.ec2.loses = nullptr;
  world.restart();
  world.config["EbsOptimized"] = true;
  const auto made = world.launch(5);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(ids_of(*made), living_ids(world.ec2));
  EXPECT_EQ(world.ec2.living().size(), 2U);
  EXPECT_NE(world.why.find("the config has changed"), std::string::npos) << world.why;
}

TEST(Launching, MachinesThatAreGoneSinceAreNotMadeAgain) {
  LaunchWorld world;
  ASSERT_TRUE(world.launch(3));
  world.ec2.machines.begin()->second.state = "terminated";
  world.restart();
  const auto again = world.launch(3);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->size(), 2U);
  EXPECT_EQ(ids_of(*again), living_ids(world.ec2));
}

TEST(Launching, AJournalThatCannotBeWrittenEndsIt) {
  LaunchWorld world;
  LaunchRequest request = world.request(1);
  request.journal = [](const std::vector<LaunchAttempt>&) -> Result<> {
    return permanent(ErrorCode::kIo, "disk full");
  };
  const auto made = world.launching->launch(request, world.config, world.soon());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "disk full");
  EXPECT_EQ(world.ec2.calls("RunInstances"), 0);
}

TEST(Launching, AProfileThatIsNotKnownEverywhereYetIsWaitedFor) {
  LaunchWorld world;
  world.ec2.refuses[{kA, "on-demand"}] = "InvalidGroup.NotFound";
  int calls = 0;
  world.ec2.before = [&](const std::string& action) {
    if (action == "RunInstances" && ++calls == 4) world.ec2.refuses.clear();
  };
  const auto made = world.launch(1);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(by_zone(world.ec2), (std::map<std::string, int>{{kA, 1}}));
}

constexpr char kKey[] = "ssh-ed25519 AAAA rayctl-autoscaler-c1";

TEST(Launching, MachinesAcceptTheWorkerKeyBesideWhatTheConfigGives) {
  LaunchWorld world;
  world.worker_key = kKey;
  ASSERT_TRUE(world.launch(1, "one"));
  world.config["UserData"] = "#!/bin/sh\ntrue\n";
  ASSERT_TRUE(world.launch(1, "two"));
  world.worker_key = "";
  ASSERT_TRUE(world.launch(1, "three"));
  const auto sent = [&](std::size_t at) { return world.ec2.launches.at(at).at("UserData"); };
  EXPECT_EQ(sent(0), base64(*with_ssh_key("", kKey)));
  EXPECT_EQ(sent(1), base64(*with_ssh_key("#!/bin/sh\ntrue\n", kKey)));
  EXPECT_EQ(sent(2), base64("#!/bin/sh\ntrue\n"));
  EXPECT_EQ(world.config.dump().find(kKey), std::string::npos) << "the config is the caller's";
}

TEST(Launching, TheSameCallIsMadeAgainWithTheWorkerKey) {
  LaunchWorld world;
  world.worker_key = kKey;
  world.config["UserData"] = "#cloud-config\n{}\n";
  world.ec2.loses = [](const std::string& action) { return action == "RunInstances"; };
  ASSERT_FALSE(world.launch(2));
  world.ec2.loses = nullptr;
  world.restart();
  const auto made = world.launch(2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(ids_of(*made), living_ids(world.ec2));
  EXPECT_EQ(world.ec2.launches.at(0), world.ec2.launches.at(1));
  EXPECT_EQ(world.why, "");
}

TEST(Launching, AKeyThatCameBetweenTwoRunsMakesNothingTwice) {
  LaunchWorld world;
  world.ec2.loses = [](const std::string& action) { return action == "RunInstances"; };
  ASSERT_FALSE(world.launch(2));
  world.ec2.loses = nullptr;
  world.restart();
  world.worker_key = kKey;
  const auto made = world.launch(2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(ids_of(*made), living_ids(world.ec2));
  EXPECT_EQ(world.ec2.living().size(), 2U);
}

TEST(Launching, UserDataOfALaunchTemplateIsKept) {
  LaunchWorld world;
  world.worker_key = kKey;
  world.ec2.templates = {{"t $Default", "#!/bin/sh\n# default\n"}, {"t 3", "#!/bin/sh\n# 3\n"}};
  world.config["LaunchTemplate"] = {{"LaunchTemplateName", "t"}};
  ASSERT_TRUE(world.launch(1, "one"));
  world.config["LaunchTemplate"]["Version"] = 3;
  ASSERT_TRUE(world.launch(1, "two"));
  const auto sent = [&](std::size_t at) { return world.ec2.launches.at(at).at("UserData"); };
  EXPECT_EQ(sent(0), base64(*with_ssh_key("#!/bin/sh\n# default\n", kKey)));
  EXPECT_EQ(sent(1), base64(*with_ssh_key("#!/bin/sh\n# 3\n", kKey)));
  world.config["LaunchTemplate"]["Version"] = 4;
  const auto none = world.launch(1, "three");
  ASSERT_FALSE(none);
  EXPECT_EQ(world.ec2.launches.size(), 2U);
  world.config["UserData"] = "#!/bin/sh\n# own\n";
  ASSERT_TRUE(world.launch(1, "four")) << "the template's does not matter";
}

TEST(Launching, UserDataThatCannotTakeTheKeyIsRefusedBeforeAnyCall) {
  LaunchWorld world;
  world.worker_key = kKey;
  world.config["UserData"] = "#!/bin/sh\n" + std::string(kLargestUserData - 20, '#') + "\n";
  const auto made = world.launch(1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::kPermanent);
  EXPECT_NE(made.error().message.find("16384"), std::string::npos) << made.error().message;
  EXPECT_TRUE(world.ec2.launches.empty());
  EXPECT_TRUE(world.journal["op"].empty());
}

}  // namespace
}  // namespace rayctl::aws
