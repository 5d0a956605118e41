#include "providers/aws/security_rules.h"
#include "base/cidr.h"

#include <gtest/gtest.h>

namespace rayctl::aws {
namespace {

using Peer = SecurityRule::Peer;

SecurityRule ssh(const std::string& cidr, const std::string& about) {
  return tcp_rule(22, cidr, about);
}

TEST(Cidr, IsWrittenInOneWay) {
  EXPECT_EQ(canonical_cidr("10.1.2.3/8"), "10.0.0.0/8");
  EXPECT_EQ(canonical_cidr("203.0.113.7"), "203.0.113.7/32");
  EXPECT_EQ(canonical_cidr("2001:0DB8:0::1"), "2001:db8::1/128");
  EXPECT_EQ(canonical_cidr("2001:db8:1:2::/33"), "2001:db8::/33");
  EXPECT_EQ(canonical_cidr("::/0"), "::/0");
  for (const char* none : {"", "hello", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
                           "10.0.0", "::/129", "10.0.0.0/8 "}) {
    EXPECT_EQ(canonical_cidr(none), none);
    EXPECT_FALSE(is_cidr(none)) << none;
  }
}

TEST(Cidr, Contains) {
  EXPECT_TRUE(contains_cidr("0.0.0.0/0", "203.0.113.7/32"));
  EXPECT_TRUE(contains_cidr("203.0.113.0/25", "203.0.113.127"));
  EXPECT_FALSE(contains_cidr("203.0.113.0/25", "203.0.113.128"));
  EXPECT_FALSE(contains_cidr("203.0.113.7/32", "203.0.113.0/24"));
  EXPECT_FALSE(contains_cidr("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains_cidr("2001:db8::/32", "2001:db8:ffff::1"));
}

TEST(SecurityRules, AreReadAsTheConfigWritesThem) {
  const Json permissions = Json::parse(R"([
    {"IpProtocol": "6", "FromPort": 443, "ToPort": 443,
     "IpRanges": [{"CidrIp": "10.1.2.3/8", "Description": "the office"}, {"CidrIp": "1.2.3.4/32"}],
     "Ipv6Ranges": [{"CidrIpv6": "2001:DB8::/32"}]},
    {"IpProtocol": -1, "FromPort": 0, "ToPort": 65535,
     "UserIdGroupPairs": [{"GroupId": "sg-9"}, {"GroupName": "own"}, {"GroupName": "else"}],
     "PrefixListIds": [{"PrefixListId": "pl-1"}]},
    {"IpProtocol": "tcp"}, 7])");
  const auto rules = rules_of(permissions, "sg-1", "own", kRuleConfig);
  const std::vector<SecurityRule> wanted{{"tcp", 443, 443, Peer::kIpv4, "10.0.0.0/8", ""},
                                         {"tcp", 443, 443, Peer::kIpv4, "1.2.3.4/32", ""},
                                         {"tcp", 443, 443, Peer::kIpv6, "2001:db8::/32", ""},
                                         {"-1", -1, -1, Peer::kGroup, "sg-9", ""},
                                         {"-1", -1, -1, Peer::kGroup, "sg-1", ""},
                                         {"-1", -1, -1, Peer::kGroupName, "else", ""},
                                         {"-1", -1, -1, Peer::kPrefixList, "pl-1", ""}};
  EXPECT_EQ(rules, wanted);
  EXPECT_EQ(rules[0].about, "rayctl: config the office");
  EXPECT_EQ(rules[1].about, "rayctl: config");
}

TEST(SecurityRules, GoOutAsQueryParameters) {
  const std::vector<SecurityRule> rules{ssh("203.0.113.7", "rayctl: ssh ana@laptop"),
                                        {"-1", -1, -1, Peer::kGroup, "sg-1", kRuleMembers}};
  const Params with{{"IpPermissions.1.IpProtocol", "tcp"},
                    {"IpPermissions.1.FromPort", "22"},
                    {"IpPermissions.1.ToPort", "22"},
                    {"IpPermissions.1.IpRanges.1.CidrIp", "203.0.113.7/32"},
                    {"IpPermissions.1.IpRanges.1.Description", "rayctl: ssh ana@laptop"},
                    {"IpPermissions.2.IpProtocol", "-1"},
                    {"IpPermissions.2.Groups.1.GroupId", "sg-1"},
                    {"IpPermissions.2.Groups.1.Description", "rayctl: members"}};
  EXPECT_EQ(rule_params(rules, true), with);
  EXPECT_FALSE(rule_params(rules, false).contains("IpPermissions.2.Groups.1.Description"));
}

TEST(SecurityRules, WhatOthersAddedIsNoDifference) {
  const std::vector<SecurityRule> wanted{ssh("10.0.0.0/8", kRuleCidr)};
  const std::vector<SecurityRule> there{ssh("10.0.0.0/8", kRuleCidr),
                                        ssh("198.51.100.1", "rayctl: ssh bob@desk"),
                                        ssh("198.51.100.2", ""), ssh("198.51.100.3", "by hand")};
  const RuleChanges changes = rule_changes(wanted, there);
  EXPECT_TRUE(changes.add.empty());
  EXPECT_TRUE(changes.revoke.empty());
  EXPECT_EQ(changes.text, "");
}

TEST(SecurityRules, AnOperatorIsLetInOnlyWhereNothingElseDoes) {
  const SecurityRule mine = ssh("203.0.113.7", "rayctl: ssh ana@laptop");
  EXPECT_EQ(rule_changes({mine}, {ssh("198.51.100.1", "rayctl: ssh bob@desk")}).text,
            "ssh from 203.0.113.7/32 (ana@laptop) is missing");
  for (const SecurityRule& other :
       {ssh("203.0.113.7", "rayctl: ssh bob@desk"), ssh("203.0.113.0/24", "by hand"),
        SecurityRule{"-1", -1, -1, Peer::kIpv4, "0.0.0.0/0", ""},
        SecurityRule{"tcp", 0, 65535, Peer::kIpv4, "203.0.0.0/16", ""}}) {
    EXPECT_EQ(rule_changes({mine}, {other}).text, "") << other.peer;
    EXPECT_EQ(rule_changes({other, mine}, {}).add, std::vector{other}) << "wanted anyway";
  }
  const SecurityRule v6 = ssh("2001:db8::1", "rayctl: ssh ana@laptop");
  EXPECT_EQ(rule_changes({v6}, {ssh("0.0.0.0/0", "")}).add, std::vector{v6});
}

TEST(SecurityRules, WhatTheConfigNoLongerWantsGoes) {
  const SecurityRule web{"tcp", 443, 443, Peer::kIpv4, "0.0.0.0/0", "rayctl: config the web"};
  const std::vector<SecurityRule> there{
      web, ssh("10.0.0.0/8", kRuleCidr), {"-1", -1, -1, Peer::kGroup, "sg-1", kRuleMembers}};
  const RuleChanges changes =
      rule_changes({{"-1", -1, -1, Peer::kGroup, "sg-1", kRuleMembers},
                    {"udp", 53, 53, Peer::kIpv4, "10.0.0.0/8", kRuleConfig},
                    {"udp", 54, 54, Peer::kIpv4, "10.0.0.0/8", kRuleConfig}},
                   there);
  EXPECT_EQ(changes.revoke, (std::vector{web, ssh("10.0.0.0/8", "")}));
  EXPECT_EQ(changes.text, "2 rules of the config are missing; 2 rules the config no longer has");
}

TEST(SecurityRules, OnesThatChangeTheirOwnerStay) {
  const std::vector<SecurityRule> there{ssh("10.0.0.0/8", kRuleCidr)};
  EXPECT_EQ(rule_changes({ssh("10.0.0.0/8", kRuleConfig)}, there).text, "");
}

TEST(SecurityRules, AGroupByNameIsTakenForTheOneThatWasAdded) {
  const SecurityRule named{"tcp", 80, 80, Peer::kGroupName, "else", kRuleConfig};
  EXPECT_EQ(rule_changes({named}, {}).add.size(), 1U);
  EXPECT_EQ(rule_changes({named}, {{"tcp", 80, 80, Peer::kGroup, "sg-7", kRuleConfig}}).text, "");
}

TEST(SecurityRules, DescriptionsHaveOnlyWhatEc2Takes) {
  EXPECT_EQ(rule_description("rayctl: ssh ana@lap top"), "rayctl: ssh ana@lap top");
  EXPECT_EQ(rule_description("a<b>\"c\"\n?"), "a_b__c___");
  EXPECT_EQ(rule_description(std::string(300, 'x')).size(), 255U);
}

}  // namespace
}  // namespace rayctl::aws
