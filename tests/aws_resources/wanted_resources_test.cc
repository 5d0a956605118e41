#include "providers/aws/wanted_resources.h"

#include <gtest/gtest.h>

namespace rayctl::aws {
namespace {

class Wanted : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.cluster = ClusterName{"demo"};
    config_.head_type = NodeTypeName{"head"};
    config_.node_types.resize(2);
    config_.node_types[0].name = NodeTypeName{"head"};
    config_.node_types[1].name = NodeTypeName{"worker"};
    facts_.region = "us-west-2";
    facts_.head_manages = true;
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const ResourceSpec& spec : wanted_resources(config_, facts_))
      all.push_back(spec.name.text);
    return all;
  }
  void both(const Json& more) {
    for (NodeTypeConfig& type : config_.node_types)
      type.node_config.update(more);
  }
  using Names = std::vector<std::string>;
  Config config_;
  WantedFacts facts_;
};

TEST_F(Wanted, APlainConfigNeedsAllEachAfterItsNeeds) {
  const auto wanted = wanted_resources(config_, facts_);
  EXPECT_EQ(names(), (Names{"key-pair", "security-group", "role", "instance-profile"}));
  EXPECT_EQ(wanted[0].title, "ray-autoscaler_us-west-2");
  EXPECT_EQ(wanted[1].title, "ray-autoscaler-demo");
  EXPECT_EQ(wanted[2].title, "rayctl-demo-us-west-2");
  EXPECT_EQ(wanted[3].needs, std::vector{ResourceName{"role"}});
}

TEST_F(Wanted, WhatTheConfigBringsIsNotMade) {
  config_.auth = {{"ssh_private_key", "~/.ssh/mine.pem"}};
  both({{"SecurityGroupIds", {"sg-1"}}});
  config_.node_types[0].node_config["IamInstanceProfile"] = {{"Name", "mine"}};
  EXPECT_EQ(names(), Names{});
  const PolicyFacts facts = policy_facts(config_, facts_);
  EXPECT_EQ(facts.key_pair, "");
  EXPECT_EQ(facts.role, "");
  EXPECT_FALSE(facts.security_group);
  EXPECT_EQ(facts.head_roles, std::vector<std::string>{"mine"});
}

TEST_F(Wanted, OneTypeWithoutIsEnough) {
  facts_.head_manages = false;
  config_.node_types[0].node_config = {{"KeyName", "k"}, {"SecurityGroupIds", {"sg-1"}}};
  EXPECT_EQ(names(), (Names{"key-pair", "security-group"}));
  EXPECT_EQ(wanted_resources(config_, facts_)[1].want["peers"], Json::array({"sg-1"}));
  config_.node_types[1].node_config = {{"KeyName", "k"}, {"SecurityGroupIds", Json::array()}};
  EXPECT_EQ(names(), Names{"security-group"});
}

TEST_F(Wanted, InterfacesMayBringGroups) {
  facts_.head_manages = false;
  both({{"KeyName", "k"},
        {"NetworkInterfaces", {{{"SubnetId", "subnet-1"}, {"Groups", {"sg-1"}}}}}});
  EXPECT_EQ(names(), Names{});
  both({{"NetworkInterfaces", {{{"SubnetId", "subnet-1"}}}}});
  EXPECT_EQ(names(), Names{"security-group"});
}

TEST_F(Wanted, LaunchTemplatesCountByWhatIsInThem) {
  both({{"LaunchTemplate", {{"LaunchTemplateName", "t"}}}});
  EXPECT_EQ(names(), Names{"key-pair"}) << "not known: groups and profile may be in it";
  for (const char* type : {"head", "worker"})
    facts_.templates[NodeTypeName{type}] = {{"KeyName", "k"}};
  EXPECT_EQ(names(), (Names{"security-group", "role", "instance-profile"}));
}

TEST_F(Wanted, NamesOfTheConfigAreHonoured) {
  config_.provider_settings = {{"key_pair", {{"key_name", "mine"}}},
                               {"security_group", {{"GroupName", "ours"}}}};
  const auto wanted = wanted_resources(config_, facts_);
  EXPECT_EQ(wanted[0].title, "mine");
  EXPECT_EQ(wanted[1].title, "ours");
  EXPECT_EQ(policy_facts(config_, facts_).key_pair, "mine*");
}

TEST_F(Wanted, ThePolicyFollowsTheWorkers) {
  config_.node_types[1].node_config = {
      {"IamInstanceProfile", {{"Arn", "arn:aws:iam::12:instance-profile/w"}}},
      {"ImageId", "ami-1"},
      {"InstanceMarketOptions", {{"MarketType", "spot"}}}};
  config_.node_types[0].node_config = {{"ImageId", "ami-1"}};
  config_.provider_settings["cache_stopped_nodes"] = false;
  const PolicyFacts facts = policy_facts(config_, facts_);
  EXPECT_EQ(facts.worker_roles, std::vector<std::string>{"arn:aws:iam::12:role/w"});
  EXPECT_TRUE(facts.spot);
  EXPECT_FALSE(facts.latest_image);
  EXPECT_FALSE(facts.keeps_stopped);
}

TEST(CompletedNodeConfig, FillsOnlyWhatIsMissing) {
  const KnownIds ids{"pair", "sg-1", "arn:p"};
  EXPECT_EQ(completed_node_config(Json::object(), true, ids),
            (Json{{"KeyName", "pair"},
                  {"SecurityGroupIds", {"sg-1"}},
                  {"IamInstanceProfile", {{"Arn", "arn:p"}}}}));
  const Json own{{"KeyName", "mine"},
                 {"SecurityGroupIds", {"sg-9"}},
                 {"IamInstanceProfile", {{"Name", "mine"}}}};
  EXPECT_EQ(completed_node_config(own, true, ids), own);
  EXPECT_FALSE(completed_node_config(Json::object(), false, ids).contains("IamInstanceProfile"));
  EXPECT_EQ(completed_node_config(Json::object(), true, KnownIds{}), Json::object());
}

TEST(CompletedNodeConfig, GroupsGoIntoInterfaces) {
  const Json config{
      {"NetworkInterfaces", {{{"DeviceIndex", 0}}, {{"DeviceIndex", 1}, {"Groups", {"sg-9"}}}}}};
  const Json done = completed_node_config(config, false, {"", "sg-1", ""});
  EXPECT_FALSE(done.contains("SecurityGroupIds"));
  EXPECT_EQ(done["NetworkInterfaces"][0]["Groups"], Json::array({"sg-1"}));
  EXPECT_EQ(done["NetworkInterfaces"][1]["Groups"], Json::array({"sg-9"}));
}

}  // namespace
}  // namespace rayctl::aws
