#include "providers/aws/security_group.h"

#include "tests/aws_resources/world.h"

namespace rayctl::aws {
namespace {

constexpr char kName[] = "ray-autoscaler-demo";

class SecurityGroups : public World {
 protected:
  void SetUp() override {
    World::SetUp();
    for (NodeTypeConfig& type : config_.node_types)
      type.node_config["KeyName"] = "given";
    facts_.head_manages = false;
  }
  Result<SeenResource> make() {
    Resources all = resources();
    const std::vector<ResourceSpec> wanted = wanted_resources(config_, facts_);
    EXPECT_EQ(wanted.size(), 1U);
    auto made = all.make(scope_, wanted.front(), soon());
    if (made) record(wanted.front(), *made);
    return made;
  }
  SeenResources list() {
    auto seen = resources().list(scope_, soon());
    EXPECT_TRUE(seen.ok());
    return seen ? *seen : SeenResources{};
  }
  std::string differs() {
    const SeenResources all = list();
    return all.seen.size() == 1 ? all.seen.front().differs : "not there";
  }
  Result<> remove() {
    return resources().remove(scope_, ResourceName{kSecurityGroupResource}, soon());
  }
  FakeAccount::Group& group() { return account_.groups.begin()->second; }
  std::string id() { return account_.groups.begin()->first; }
  std::set<std::string> rules() {
    std::set<std::string> all;
    for (const SecurityRule& rule : group().rules)
      all.insert(rule.protocol + " " + std::to_string(rule.from) + " " + rule.peer + " " +
                 rule.about);
    return all;
  }
  void permission(const std::string& cidr, int port) {
    config_.provider_settings["security_group"]["IpPermissions"].push_back(
        {{"IpProtocol", "tcp"},
         {"FromPort", port},
         {"ToPort", port},
         {"IpRanges", {{{"CidrIp", cidr}}}}});
  }
};

TEST_F(SecurityGroups, IsMadeWithItsRules) {
  permission("0.0.0.0/0", 443);
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(group().name, kName);
  EXPECT_EQ(group().vpc, "vpc-1");
  EXPECT_EQ(group().tags, (Tags{{"ray-cluster-name", "demo"}, {"rayctl-cluster-id", "c1"}}));
  EXPECT_EQ(rules(), (std::set<std::string>{"-1 -1 " + id() + " rayctl: members",
                                            "tcp 443 0.0.0.0/0 rayctl: config",
                                            "tcp 22 203.0.113.7/32 rayctl: ssh ana@laptop"}));
  EXPECT_EQ(differs(), "");
  account_.count_anew();
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(account_.groups.size(), 1U);
  EXPECT_EQ(account_.calls.size(), 1U) << "nothing to change: a look alone";
}

TEST_F(SecurityGroups, AnotherOperatorIsAdded) {
  ASSERT_TRUE(make().ok());
  my_address_ = "2001:db8::5";
  who_ = "bob@desk";
  EXPECT_EQ(differs(), "ssh from 2001:db8::5/128 (bob@desk) is missing");
  ASSERT_TRUE(make().ok());
  EXPECT_TRUE(rules().contains("tcp 22 2001:db8::5/128 rayctl: ssh bob@desk"));
  EXPECT_TRUE(rules().contains("tcp 22 203.0.113.7/32 rayctl: ssh ana@laptop"));
  EXPECT_EQ(differs(), "");
  my_address_ = "203.0.113.7";
  EXPECT_EQ(differs(), "") << "each is no difference for the other";
}

TEST_F(SecurityGroups, TheConfigsListStandsForTheOperator) {
  facts_.ssh_cidr = {"10.0.0.0/8", "192.0.2.1"};
  config_.rayctl.ssh.port = 2222;
  my_address_.clear();
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(rules().count("tcp 2222 192.0.2.1/32 rayctl: ssh_cidr"), 1U);
  EXPECT_EQ(rules().size(), 3U);
  facts_.ssh_cidr = {"10.0.0.0/8"};
  EXPECT_EQ(differs(), "1 rule the config no longer has");
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(rules().size(), 2U);
}

TEST_F(SecurityGroups, AConfigThatOpensSshNeedsNoOperator) {
  permission("0.0.0.0/0", 22);
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(rules().size(), 2U);
}

TEST_F(SecurityGroups, WithoutAnAddressItIsBlockedUntilSomebodyIsLetIn) {
  my_address_.clear();
  const SeenResources nobody = list();
  ASSERT_EQ(nobody.blocked.size(), 1U);
  EXPECT_EQ(nobody.blocked[0].summary,
            "nobody could reach the nodes over SSH: this machine's address is not known");
  EXPECT_EQ(nobody.blocked[0].remedy, "give rayctl.ssh_cidr, for example 203.0.113.7/32");
  EXPECT_FALSE(make().ok());
  EXPECT_TRUE(account_.groups.empty());
  my_address_ = "203.0.113.7";
  ASSERT_TRUE(make().ok());
  my_address_.clear();
  EXPECT_TRUE(list().blocked.empty());
  EXPECT_EQ(differs(), "");
}

TEST_F(SecurityGroups, RulesByHandStayAndThoseOfTheConfigFollowIt) {
  permission("10.0.0.0/8", 443);
  ASSERT_TRUE(make().ok());
  group().rules.push_back(tcp_rule(22, "198.51.100.1", "by hand"));
  group().rules.push_back(tcp_rule(22, "198.51.100.2", ""));
  config_.provider_settings.erase("security_group");
  permission("10.0.0.0/8", 8443);
  EXPECT_EQ(differs(), "1 rule of the config is missing; 1 rule the config no longer has");
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(differs(), "");
  EXPECT_EQ(rules().size(), 5U);
  EXPECT_TRUE(rules().contains("tcp 8443 10.0.0.0/8 rayctl: config"));
}

TEST_F(SecurityGroups, ARuleThatSomebodyAddsMeanwhileIsFine) {
  permission("10.0.0.0/8", 443);
  account_.meanwhile = [&](const std::string& action) {
    if (action == "AuthorizeSecurityGroupIngress" && group().rules.empty())
      group().rules.push_back(tcp_rule(443, "10.0.0.0/8", "by hand"));
  };
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(group().rules.size(), 3U);
}

TEST_F(SecurityGroups, OneOfOthersIsUsedAsItIs) {
  config_.provider_settings["security_group"] = {{"GroupName", "theirs"}};
  account_.groups["sg-9"] = {"theirs", "vpc-1", {}, {tcp_rule(22, "10.0.0.0/8", "")}};
  const SeenResources all = list();
  ASSERT_EQ(all.seen.size(), 1U);
  EXPECT_EQ(all.seen[0].differs, "");
  EXPECT_EQ(all.seen[0].cluster, std::nullopt);
  EXPECT_EQ(all.notes.size(), 1U);
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->id, "sg-9");
  EXPECT_EQ(group().rules.size(), 1U);
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(account_.groups.size(), 1U);
}

TEST_F(SecurityGroups, OneOfOthersWithoutRulesGetsThem) {
  account_.groups["sg-9"] = {kName, "vpc-1", {}, {}};
  account_.groups["sg-8"] = {kName, "vpc-2", {}, {}};
  EXPECT_NE(differs(), "");
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(account_.groups["sg-9"].rules.size(), 2U);
  EXPECT_TRUE(account_.groups["sg-8"].rules.empty());
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(account_.groups.size(), 2U);
}

TEST_F(SecurityGroups, TheGroupOfAnotherClusterIsLeft) {
  account_.groups["sg-9"] = {kName, "vpc-1", {{"rayctl-cluster-id", "c2"}}, {}};
  ASSERT_TRUE(make().ok());
  EXPECT_TRUE(group().rules.empty());
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(account_.groups.size(), 1U);
}

TEST_F(SecurityGroups, GoesWhenNoMachineIsInIt) {
  ASSERT_TRUE(make().ok());
  account_.instances["i-1"] = {"shutting-down", "", {id()}, "", {{"rayctl-cluster-id", "c1"}}};
  const auto busy = remove();
  ASSERT_FALSE(busy.ok());
  EXPECT_EQ(busy.error().fault, Fault::kTransient);
  account_.instances["i-1"].state = "terminated";
  EXPECT_TRUE(remove().ok());
  EXPECT_TRUE(account_.groups.empty());
  EXPECT_TRUE(remove().ok());
}

TEST_F(SecurityGroups, StaysWhereMachinesOfOthersAreInIt) {
  ASSERT_TRUE(make().ok());
  account_.instances["i-1"] = {"running", "", {id()}, "", {}};
  EXPECT_TRUE(remove().ok());
  EXPECT_EQ(account_.groups.size(), 1U);
}

TEST_F(SecurityGroups, InAnotherVpcThanTheSubnetsIsBlockedWhenLookedAtThoroughly) {
  ASSERT_TRUE(make().ok());
  group().vpc = "vpc-0";
  EXPECT_TRUE(list().blocked.empty());
  scope_.thorough = true;
  ASSERT_EQ(list().blocked.size(), 1U);
}

TEST_F(SecurityGroups, AccessIsListedAddedAndRemoved) {
  permission("10.0.0.0/8", 22);
  EXPECT_FALSE(resources().list_access(scope_, soon()).ok()) << "not there yet";
  ASSERT_TRUE(make().ok());
  group().rules.push_back(tcp_rule(22, "198.51.100.1", "by hand"));
  Resources all = resources();
  ASSERT_TRUE(all.add_access(scope_, "192.0.2.0/24", "the office", soon()).ok());
  ASSERT_TRUE(all.add_access(scope_, "192.0.2.0/24", "the office", soon()).ok());
  ASSERT_TRUE(all.add_access(scope_, "2001:db8::/32", "the office", soon()).ok());
  EXPECT_EQ(all.add_access(scope_, "office", "x", soon()).error().code, ErrorCode::kConfigInvalid);
  const auto listed = all.list_access(scope_, soon());
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(*listed, (std::vector<SshAccess>{{"10.0.0.0/8", "config", false},
                                             {"203.0.113.7/32", "ana@laptop", true},
                                             {"198.51.100.1/32", "by hand", false},
                                             {"192.0.2.0/24", "the office", true},
                                             {"2001:db8::/32", "the office", true}}));
  EXPECT_EQ(differs(), "");
  const auto gone = all.remove_access(scope_, "the office", soon());
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(gone->size(), 2U);
  EXPECT_EQ(all.remove_access(scope_, "203.0.113.7", soon())->size(), 1U);
  EXPECT_EQ(all.remove_access(scope_, "10.0.0.0/8", soon())->size(), 0U) << "the config's own";
  EXPECT_EQ(all.list_access(scope_, soon())->size(), 2U);
}

}  // namespace
}  // namespace rayctl::aws
