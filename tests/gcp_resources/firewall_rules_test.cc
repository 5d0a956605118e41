#include "providers/gcp/firewall_rules.h"

#include <gtest/gtest.h>

namespace rayctl::gcp {
namespace {

const Ownership kOwner{{"c1"}, "us-west1", {"demo"}, ""};

RulesWanted wanted() {
  return {.tag = "ray-demo-1", .network = "projects/p/global/networks/default", .ssh_cidr = {}};
}

TEST(FirewallRules, SurviveTheirWayThroughTheService) {
  RulesWanted want = wanted();
  want.ssh_cidr = {"10.0.0.0/8", "2001:db8::/32"};
  const std::vector<FirewallRule> all = wanted_rules(want, kOwner);
  ASSERT_EQ(all.size(), 3U) << "one for each kind of address";
  for (const FirewallRule& rule : all)
    EXPECT_EQ(parse_rule(rule_body(rule)), rule) << rule.name;
  const FirewallRule access = access_rule(want, kOwner, "192.0.2.1", "ana: at home");
  EXPECT_EQ(parse_rule(rule_body(access)), access);
}

TEST(FirewallRules, LetInWhatTheySay) {
  const auto rule = [](const Json& more) {
    Json json{{"name", "r"},
              {"sourceRanges", {"10.0.0.0/8"}},
              {"allowed", {{{"IPProtocol", "tcp"}, {"ports", {"20-30", "443"}}}}}};
    json.update(more);
    return parse_rule(json);
  };
  EXPECT_TRUE(lets_in(rule(Json::object()), "t", 22, "10.1.0.0/16"));
  EXPECT_TRUE(lets_in(rule(Json::object()), "t", 443, "10.1.2.3"));
  EXPECT_FALSE(lets_in(rule(Json::object()), "t", 31, "10.1.2.3"));
  EXPECT_FALSE(lets_in(rule(Json::object()), "t", 22, "11.1.2.3"));
  EXPECT_TRUE(lets_in(rule({{"targetTags", {"t"}}}), "t", 22, "10.1.2.3"));
  EXPECT_FALSE(lets_in(rule({{"targetTags", {"u"}}}), "t", 22, "10.1.2.3"));
  EXPECT_FALSE(lets_in(rule({{"disabled", true}}), "t", 22, "10.1.2.3"));
  EXPECT_FALSE(lets_in(rule({{"direction", "EGRESS"}}), "t", 22, "10.1.2.3"));
  EXPECT_FALSE(lets_in(rule({{"targetServiceAccounts", {"a@b"}}}), "t", 22, "10.1.2.3"));
  EXPECT_FALSE(lets_in(rule({{"allowed", {{{"IPProtocol", "udp"}}}}}), "t", 22, "10.1.2.3"));
  EXPECT_TRUE(lets_in(rule({{"allowed", {{{"IPProtocol", "all"}}}}}), "t", 22, "10.1.2.3"));
}

TEST(FirewallRules, AreNamedWithinTheLimit) {
  const ClusterName longest{std::string(80, 'x') + "_Y"};
  RulesWanted want = wanted();
  want.tag = base_name(longest, {"c1"}, kLongestBase);
  EXPECT_EQ(want.tag.size(), kLongestBase);
  for (const char* cidr : {"10.0.0.0/8", "2001:db8::/32"}) {
    EXPECT_LE(access_rule(want, kOwner, cidr, "ana").name.size(), 63U);
    want.ssh_cidr.emplace_back(cidr);
  }
  for (const FirewallRule& rule : wanted_rules(want, kOwner))
    EXPECT_LE(rule.name.size(), 63U);
  EXPECT_NE(base_name({"a"}, {"c1"}, 30), base_name({"a"}, {"c2"}, 30));
  EXPECT_EQ(base_name({"My_Ray"}, {}, 30), "ray-my-ray");
}

TEST(FirewallRules, UrlsAreComparedWithoutTheirHosts) {
  EXPECT_TRUE(same_url("https://compute.googleapis.com/compute/v1/projects/p/global/networks/n",
                       "projects/p/global/networks/n"));
  EXPECT_FALSE(same_url("projects/p/global/networks/n", "projects/q/global/networks/n"));
}

TEST(Ownerships, AreReadBackFromDescriptions) {
  const Ownership odd{{"c1"}, "us-west1", {"my cluster: one"}, "ssh ana: at home"};
  const auto plain = ownership_in(description_of({{"c1"}, "r", {"demo"}, "ssh a: b"}, 256));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->cluster.text, "demo");
  EXPECT_EQ(plain->purpose, "ssh a: b");
  EXPECT_EQ(ownership_in(description_of(odd, 256))->cluster_id, odd.cluster_id);
  for (const char* other : {"", "rayctl", "rayctl c1", "rayctl c1 us-west1", "rayctl c1 r demo",
                            "made by rayctl c1 r demo: x"})
    EXPECT_EQ(ownership_in(other), std::nullopt) << other;
}

}  // namespace
}  // namespace rayctl::gcp
