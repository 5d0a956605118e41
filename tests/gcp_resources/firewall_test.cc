#include "providers/gcp/firewall.h"

#include "providers/gcp/firewall_rules.h"
#include "tests/gcp_resources/world.h"

namespace rayctl::gcp {
namespace {

class Firewalls : public World {
 protected:
  void SetUp() override {
    World::SetUp();
    config_.auth["ssh_private_key"] = "~/.ssh/given";
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
    EXPECT_TRUE(seen.ok()) << (seen.ok() ? "" : seen.error().message);
    return seen ? *seen : SeenResources{};
  }
  std::string differs() {
    const SeenResources all = list();
    return all.seen.size() == 1 ? all.seen.front().differs : "not there";
  }
  Result<> remove() { return resources().remove(scope_, ResourceName{kFirewallResource}, soon()); }
  /// Whom a rule of ours lets in: "22 203.0.113.7/32 ssh ana@laptop".
  std::set<std::string> let_in() {
    std::set<std::string> all;
    for (const auto& [name, json] : project_.firewalls) {
      const FirewallRule rule = parse_rule(json);
      for (const std::string& range : rule.source_ranges)
        all.insert(*rule.allowed.begin() + " " + range + " " +
                   (rule.owner ? rule.owner->purpose : "others"));
    }
    return all;
  }
  void their_rule(const std::string& name, const Json& more) {
    Json& rule = project_.firewalls[name];
    rule = {{"name", name},
            {"network", std::string(kNetworks) + "default"},
            {"allowed", {{{"IPProtocol", "tcp"}, {"ports", {"22"}}}}},
            {"sourceRanges", {"0.0.0.0/0"}}};
    rule.update(more);
  }
};

TEST_F(Firewalls, AreMadeAboutTheClustersTag) {
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->title, tag());
  EXPECT_EQ(made->id, tag());
  EXPECT_EQ(made->cluster, scope_.cluster_id);
  ASSERT_EQ(project_.firewalls.size(), 2U);
  const Json& members = project_.firewalls[tag() + "-internal"];
  EXPECT_EQ(members["sourceTags"], Json::array({tag()}));
  EXPECT_EQ(members["targetTags"], Json::array({tag()}));
  EXPECT_EQ(members["allowed"].size(), 3U);
  EXPECT_EQ(members["network"], std::string(kNetworks) + "default");
  EXPECT_EQ(members["description"], "rayctl c1 us-west1 demo: members");
  EXPECT_EQ(let_in(), std::set<std::string>{"tcp:22 203.0.113.7/32 ssh ana@laptop"});
  EXPECT_EQ(differs(), "");
  project_.count_anew();
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.calls, (std::map<std::string, int>{{"compute.firewalls.list", 1}}))
      << "nothing to change: a look alone";
}

TEST_F(Firewalls, AnotherOperatorIsAdded) {
  ASSERT_TRUE(make().ok());
  my_address_ = "2001:db8::5";
  who_ = "bob@desk";
  EXPECT_EQ(differs(), "ssh from 2001:db8::5/128 (bob@desk) is missing");
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(let_in(), (std::set<std::string>{"tcp:22 2001:db8::5/128 ssh bob@desk",
                                             "tcp:22 203.0.113.7/32 ssh ana@laptop"}));
  EXPECT_EQ(differs(), "");
  my_address_ = "203.0.113.7";
  who_ = "ana@laptop";
  EXPECT_EQ(differs(), "") << "each is no difference for the other";
}

TEST_F(Firewalls, TheConfigsListStandsForTheOperator) {
  facts_.ssh_cidr = {"10.0.0.0/8", "192.0.2.1", "2001:db8::/32"};
  config_.rayctl.ssh.port = 2222;
  my_address_.clear();
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(rule_names(),
            (std::set<std::string>{tag() + "-internal", tag() + "-ssh", tag() + "-ssh6"}));
  EXPECT_EQ(let_in().count("tcp:2222 192.0.2.1/32 ssh_cidr"), 1U);
  facts_.ssh_cidr = {"10.0.0.0/8"};
  EXPECT_EQ(differs(), "ssh from 10.0.0.0/8 is not as wanted; 1 rule the config no longer has");
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(let_in(), std::set<std::string>{"tcp:2222 10.0.0.0/8 ssh_cidr"});
  EXPECT_EQ(differs(), "");
}

TEST_F(Firewalls, WhatSomebodyChangedIsPutRight) {
  facts_.ssh_cidr = {"10.0.0.0/8"};
  ASSERT_TRUE(make().ok());
  project_.firewalls[tag() + "-ssh"]["sourceRanges"] = {"0.0.0.0/0"};
  project_.firewalls[tag() + "-internal"]["disabled"] = true;
  EXPECT_EQ(differs(),
            "the rule between its machines is not as wanted; ssh from 10.0.0.0/8 is not as "
            "wanted");
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(differs(), "");
  EXPECT_EQ(project_.firewalls[tag() + "-internal"]["disabled"], false);
  EXPECT_EQ(let_in(), std::set<std::string>{"tcp:22 10.0.0.0/8 ssh_cidr"});
}

TEST_F(Firewalls, WithoutAnAddressItIsBlockedUntilSomebodyIsLetIn) {
  my_address_.clear();
  const SeenResources nobody = list();
  ASSERT_EQ(nobody.blocked.size(), 1U);
  EXPECT_EQ(nobody.blocked[0].remedy, "give rayctl.ssh_cidr, for example 203.0.113.7/32");
  EXPECT_FALSE(make().ok());
  EXPECT_TRUE(project_.firewalls.empty());
  their_rule("default-allow-internal", {{"sourceRanges", {"10.128.0.0/9"}}});
  EXPECT_TRUE(list().blocked.empty()) << "from inside, say";
  project_.firewalls.clear();
  my_address_ = "203.0.113.7";
  ASSERT_TRUE(make().ok());
  my_address_.clear();
  EXPECT_TRUE(list().blocked.empty());
  EXPECT_EQ(differs(), "");
}

TEST_F(Firewalls, ANetworkThatIsOpenToAllIsSaid) {
  their_rule("default-allow-ssh", Json::object());
  their_rule("elsewhere", {{"network", std::string(kNetworks) + "other"}});
  their_rule("for-some", {{"targetTags", {"web"}}});
  const SeenResources all = list();
  ASSERT_EQ(all.notes.size(), 1U);
  EXPECT_NE(all.notes[0].find("default-allow-ssh"), std::string::npos);
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.firewalls.size(), 5U) << "ours are made all the same";
  EXPECT_TRUE(list().notes.empty()) << "said once";
  scope_.thorough = true;
  EXPECT_EQ(list().notes.size(), 1U);
}

TEST_F(Firewalls, TheNetworkIsDefaultOrTheFirst) {
  project_.subnetworks.clear();
  const auto none = resources().list(scope_, soon());
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("no subnetwork in us-west1"), std::string::npos);
  add_subnetwork("a", "a");
  add_subnetwork("default", "default");
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.firewalls[tag() + "-internal"]["network"], std::string(kNetworks) + "default");
  project_.subnetworks.pop_back();
  EXPECT_TRUE(list().blocked.empty());
  scope_.thorough = true;
  EXPECT_EQ(list().blocked.size(), 1U) << "the machines would be in another one";
}

TEST_F(Firewalls, OfOthersAreNoneOfOurs) {
  const ClusterId other{"c2"};
  their_rule("ray-demo", {{"description", "rayctl c2 us-west1 demo: members"}});
  their_rule("by-hand", {{"targetTags", {tag()}}});
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.firewalls.size(), 4U);
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(rule_names(), (std::set<std::string>{"by-hand", "ray-demo"}));
}

TEST_F(Firewalls, ARuleThatIsThereBetweenLookAndCallIsTaken) {
  project_.meanwhile = [&](const std::string& id) {
    const std::string name = tag() + "-internal";
    if (id != "compute.firewalls.insert" || project_.firewalls.contains(name)) return;
    Ownership owner{scope_.cluster_id, "us-west1", scope_.cluster, ""};
    const RulesWanted want{
        .tag = tag(), .network = std::string(kNetworks) + "default", .ssh_cidr = {}};
    project_.firewalls[name] = rule_body(wanted_rules(want, owner).front());
  };
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.firewalls.size(), 2U);
  EXPECT_EQ(differs(), "");
}

TEST_F(Firewalls, ANameThatOthersHoldIsSaid) {
  their_rule(tag() + "-internal", {{"targetTags", {"web"}}});
  const auto made = make();
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().fault, Fault::kTransient);
  EXPECT_FALSE(project_.firewalls[tag() + "-internal"].contains("description"));
}

TEST_F(Firewalls, AreMadeAgainWithinTheHourOfARequestId) {
  ASSERT_TRUE(make().ok());
  ASSERT_TRUE(remove().ok());
  EXPECT_TRUE(project_.firewalls.empty());
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.firewalls.size(), 2U);
}

TEST_F(Firewalls, StayWhereMachinesOfOthersCarryTheTag) {
  ASSERT_TRUE(make().ok());
  const Json tags{{"tags", {{"items", {tag()}}}}};
  project_.add_instance("theirs", tags);
  EXPECT_TRUE(remove().ok());
  EXPECT_EQ(project_.firewalls.size(), 2U);
  project_.instances.clear();
  project_.add_instance("ours", with(tags, labels("demo", "c1")));
  EXPECT_TRUE(remove().ok());
  EXPECT_TRUE(project_.firewalls.empty());
  EXPECT_TRUE(remove().ok());
}

TEST_F(Firewalls, ALostAnswerIsNoSecondRule) {
  project_.lose_answer_of = "compute.firewalls.insert";
  EXPECT_EQ(make().error().fault, Fault::kUnknown);
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.firewalls.size(), 2U);
}

TEST_F(Firewalls, AccessIsListedAddedAndRemoved) {
  facts_.ssh_cidr = {"10.0.0.0/8"};
  EXPECT_FALSE(resources().list_access(scope_, soon()).ok()) << "not there yet";
  ASSERT_TRUE(make().ok());
  their_rule("by-hand", {{"sourceRanges", {"198.51.100.1/32"}}});
  Resources all = resources();
  ASSERT_TRUE(all.add_access(scope_, "192.0.2.0/24", "the office", soon()).ok());
  ASSERT_TRUE(all.add_access(scope_, "192.0.2.0/24", "the office", soon()).ok());
  ASSERT_TRUE(all.add_access(scope_, "2001:db8::/32", "the office", soon()).ok());
  EXPECT_EQ(all.add_access(scope_, "office", "x", soon()).error().code, ErrorCode::kConfigInvalid);
  const auto listed = all.list_access(scope_, soon());
  ASSERT_TRUE(listed.ok());
  std::set<std::string> seen;
  for (const SshAccess& each : *listed)
    seen.insert(each.cidr + " " + each.who + (each.mine ? " mine" : ""));
  EXPECT_EQ(seen, (std::set<std::string>{"10.0.0.0/8 ssh_cidr", "198.51.100.1/32 by-hand",
                                         "192.0.2.0/24 the office mine",
                                         "2001:db8::/32 the office mine"}));
  EXPECT_EQ(differs(), "");
  EXPECT_EQ(all.remove_access(scope_, "192.0.2.0/24", soon())->size(), 1U);
  EXPECT_EQ(all.remove_access(scope_, "the office", soon())->size(), 1U);
  EXPECT_EQ(all.remove_access(scope_, "10.0.0.0/8", soon())->size(), 0U) << "the config's own";
  EXPECT_EQ(all.list_access(scope_, soon())->size(), 2U);
}

TEST_F(Firewalls, TwoPeopleOfOneNetworkAreTwoRules) {
  ASSERT_TRUE(make().ok());
  Resources all = resources();
  ASSERT_TRUE(all.add_access(scope_, "203.0.113.7", "bob", soon()).ok());
  EXPECT_EQ(all.remove_access(scope_, "bob", soon())->size(), 1U);
  EXPECT_EQ(let_in(), std::set<std::string>{"tcp:22 203.0.113.7/32 ssh ana@laptop"});
}

}  // namespace
}  // namespace rayctl::gcp
