#include "providers/aws/instances.h"

#include "tests/aws_ec2/launch_world.h"

namespace rayctl::aws {
namespace {

TEST(Instances, AllPagesAreRead) {
  LaunchWorld world;
  for (int i = 0; i < 2'500; ++i)
    world.ec2.add({.tags = {{kTagClusterName, "demo"}}});
  world.ec2.add({.tags = {{kTagClusterName, "other"}}});
  const auto seen = instances_of(world.ec2, {"demo"}, world.soon());
  ASSERT_TRUE(seen);
  std::set<CloudId> ids;
  for (const Ec2Instance& instance : *seen)
    ids.insert(instance.node.id);
  EXPECT_EQ(ids.size(), 2'500U);
  EXPECT_EQ(seen->size(), 2'500U);
  EXPECT_EQ(world.ec2.calls("DescribeInstances"), 3);
}

TEST(Instances, StatesAndWhatIsKeptStopped) {
  LaunchWorld world;
  const std::map<std::string, Power> states = {
      {"pending", Power::kPending},        {"running", Power::kRunning},
      {"shutting-down", Power::kStopping}, {"stopping", Power::kStopping},
      {"stopped", Power::kStopped},        {"terminated", Power::kGone}};
  for (const auto& [state, power] : states) {
    world.ec2.add(
        {.id = state, .state = state, .tags = {{kTagClusterName, "demo"}, {kTagCached, "1"}}});
  }
  const auto seen = instances_of(world.ec2, {"demo"}, world.soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->size(), states.size());
  for (const Ec2Instance& instance : *seen) {
    const std::string& state = instance.node.id.text;
    EXPECT_EQ(instance.node.power, states.at(state)) << state;
    EXPECT_EQ(instance.node.cached, state == "stopped" || state == "stopping") << state;
  }
}

TEST(Instances, AnAnswerOfEc2IsReadWhole) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(R"(
    <RunInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><instancesSet><item>
      <instanceId>i-0abc</instanceId><imageId>ami-1</imageId>
      <instanceState><code>16</code><name>running</name></instanceState>
      <keyName>key</keyName><instanceType>m5.large</instanceType>
      <placement><availabilityZone>us-west-2a</availabilityZone></placement>
      <subnetId>subnet-1</subnetId><privateIpAddress>10.0.0.7</privateIpAddress>
      <ipAddress>52.0.0.7</ipAddress>
      <groupSet><item><groupId>sg-1</groupId></item><item><groupId>sg-2</groupId></item></groupSet>
      <stateReason><code>x</code><message>why</message></stateReason>
      <instanceLifecycle>spot</instanceLifecycle><clientToken>token</clientToken>
      <iamInstanceProfile><arn>arn:aws:iam::1:instance-profile/p</arn></iamInstanceProfile>
      <tagSet><item><key>Name</key><value>ray-demo-head</value></item>
        <item><key>ray-node-type</key><value>head</value></item>
        <item><key>rayctl-node</key><value>main-1</value></item></tagSet>
    </item></instancesSet></RunInstancesResponse>)"));
  const std::vector<Ec2Instance> seen = parse_instances(document.document_element());
  ASSERT_EQ(seen.size(), 1U);
  Ec2Instance wanted;
  wanted.node.id = {"i-0abc"};
  wanted.node.internal_ip = "10.0.0.7";
  wanted.node.external_ip = "52.0.0.7";
  wanted.node.head = true;
  wanted.node.name = NodeName{"main-1"};
  wanted.node.tags = {
      {kTagNodeName, "ray-demo-head"}, {kTagNodeKind, "head"}, {kTagNode, "main-1"}};
  wanted.type = "m5.large";
  wanted.zone = "us-west-2a";
  wanted.subnet = "subnet-1";
  wanted.key_name = "key";
  wanted.profile_arn = "arn:aws:iam::1:instance-profile/p";
  wanted.image = "ami-1";
  wanted.state_reason = "why";
  wanted.token = "token";
  wanted.groups = {"sg-1", "sg-2"};
  wanted.spot = true;
  EXPECT_EQ(seen[0], wanted);
}

TEST(Instances, ManyIdsAreAskedForInParts) {
  LaunchWorld world;
  std::vector<CloudId> ids;
  for (int i = 0; i < 450; ++i)
    ids.push_back({world.ec2.add({.state = i == 0 ? "terminated" : "running"}).id});
  const auto seen = instances_by_id(world.ec2, ids, world.soon());
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->size(), 450U);
  EXPECT_EQ(world.ec2.calls("DescribeInstances"), 3);
}

}  // namespace
}  // namespace rayctl::aws
