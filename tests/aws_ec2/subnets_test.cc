#include "providers/aws/subnets.h"

#include "tests/aws_ec2/launch_world.h"

namespace rayctl::aws {
namespace {

Subnet subnet(const std::string& id, const std::string& zone, const std::string& vpc = "v1",
              bool public_ip = true) {
  return {.id = id, .vpc = vpc, .zone = zone, .state = "available", .public_ip = public_ip};
}

std::string ids(const Result<std::vector<Subnet>>& subnets) {
  if (!subnets) return "error: " + subnets.error().message;
  std::string text;
  for (const Subnet& one : *subnets)
    text += (text.empty() ? "" : " ") + one.id;
  return text;
}

const std::vector<Subnet> kAll = {subnet("a1", "a"), subnet("c1", "c"), subnet("b1", "b"),
                                  subnet("c2", "c"), subnet("d9", "d", "v2", false)};

// The order is that of Ray 2.60's _usable_subnet_ids.
TEST(Subnets, FromTheLastZoneToTheFirst) {
  EXPECT_EQ(ids(usable_subnets(kAll, {})), "c1 c2 b1 a1");
}

TEST(Subnets, InTheOrderOfTheZonesGiven) {
  EXPECT_EQ(ids(usable_subnets(kAll, {.given = {}, .zones = {"a", "c"}, .vpc = ""})), "a1 c1 c2");
}

TEST(Subnets, AllInOneVpc) {
  EXPECT_EQ(ids(usable_subnets(kAll, {.given = {}, .zones = {}, .vpc = "", .internal = true})),
            "d9")
      << "the first one's";
  EXPECT_EQ(ids(usable_subnets(kAll, {.given = {}, .zones = {}, .vpc = "v1", .internal = true})),
            "c1 c2 b1 a1");
}

TEST(Subnets, OnesThatAreNotAvailableAreLeftOut) {
  std::vector<Subnet> all = kAll;
  all[1].state = "pending";
  EXPECT_EQ(ids(usable_subnets(all, {})), "c2 b1 a1");
}

TEST(Subnets, GivenOnesAsGiven) {
  SubnetWish wish;
  wish.given = {"b1", "c1"};
  EXPECT_EQ(ids(usable_subnets(kAll, wish)), "b1 c1");
  wish.zones = {"c"};
  EXPECT_EQ(ids(usable_subnets(kAll, wish)), "error: subnet b1 is in b, availability_zone says c");
  wish = {};
  wish.given = {"none"};
  EXPECT_EQ(ids(usable_subnets(kAll, wish)), "error: there is no subnet none in this region");
  wish.given = {"a1", "d9"};
  wish.internal = true;
  EXPECT_EQ(ids(usable_subnets(kAll, wish)),
            "error: the subnets a1, d9 are in more than one VPC: v1, v2");
}

TEST(Subnets, ZonesWithoutASubnetSayWhereThereAreSome) {
  EXPECT_EQ(ids(usable_subnets(kAll, {.given = {}, .zones = {"e", "f"}, .vpc = ""})),
            "error: no subnet to be used is in availability_zone e,f; there are some in a, b, c");
}

TEST(Subnets, WithoutAnyTheErrorNamesTheWayOut) {
  const std::string text = ids(usable_subnets({kAll[4]}, {}));
  EXPECT_NE(text.find("use_internal_ips"), std::string::npos) << text;
}

TEST(Subnets, TheGroupsSayWhichVpc) {
  LaunchWorld world;
  world.ec2.subnets.push_back(subnet("subnet-z", "us-west-2z", "vpc-2"));
  Subnets subnets(world.ec2);
  const auto places = subnets.places(world.config, {}, world.soon());
  ASSERT_TRUE(places);
  EXPECT_EQ(places->front(), (Place{"us-west-2c", "subnet-c"}));
  world.config["SecurityGroupIds"] = {"sg-none"};
  EXPECT_FALSE(subnets.places(world.config, {}, world.soon()));
  world.ec2.groups["sg-2"] = "vpc-2";
  world.config["SecurityGroupIds"] = {"sg-1", "sg-2"};
  EXPECT_FALSE(subnets.places(world.config, {}, world.soon()));
  EXPECT_EQ(world.ec2.calls("DescribeSubnets"), 1);
}

}  // namespace
}  // namespace rayctl::aws
