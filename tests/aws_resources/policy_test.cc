#include "providers/aws/policy.h"

#include <gtest/gtest.h>

#include <set>

namespace rayctl::aws {
namespace {

PolicyFacts everything() {
  PolicyFacts facts;
  facts.region = "us-west-2";
  facts.cluster = "demo";
  facts.head_manages = true;
  facts.key_pair = "ray-autoscaler_*us-west-2";
  facts.security_group = true;
  facts.role = "rayctl-demo-us-west-2";
  facts.worker_roles = {"arn:aws:iam::1:role/workers"};
  facts.latest_image = facts.spot = facts.keeps_stopped = facts.launch_templates = true;
  return facts;
}

PolicyFacts least() {
  PolicyFacts facts;
  facts.region = "us-west-2";
  facts.cluster = "demo";
  return facts;
}

std::set<std::string> actions(const Json& document) {
  std::set<std::string> all;
  for (const Json& statement : document["Statement"]) {
    for (const Json& action : statement["Action"])
      all.insert(action.get<std::string>());
  }
  return all;
}

const Json& statement(const Json& document, const std::string& sid) {
  for (const Json& each : document["Statement"]) {
    if (each["Sid"] == sid) return each;
  }
  static const Json kNone;
  return kNone;
}

TEST(Policies, HaveNoWildcardInAnAction) {
  for (const PolicyFacts& facts : {everything(), least()}) {
    for (const Json& document : {operator_policy(facts), head_policy(facts)}) {
      for (const std::string& action : actions(document))
        EXPECT_EQ(action.find('*'), std::string::npos) << action;
      std::set<std::string> sids;
      for (const Json& each : document["Statement"]) {
        EXPECT_TRUE(sids.insert(each["Sid"].get<std::string>()).second) << each["Sid"];
        EXPECT_EQ(each["Effect"], "Allow");
        EXPECT_FALSE(each["Resource"].empty());
      }
    }
  }
}

TEST(Policies, ActionsThatChangeSomethingAreBoundToTheClusterOrToNames) {
  for (const Json& document : {operator_policy(everything()), head_policy(everything())}) {
    for (const Json& each : document["Statement"]) {
      const bool only_looks =
          each["Sid"] == "Look" || each["Sid"] == "LookForOrphans" || each["Sid"] == "LatestImage";
      if (!only_looks) {
        EXPECT_NE(each["Resource"], "*") << each["Sid"];
      }
    }
    EXPECT_EQ(
        statement(document, "End")["Condition"]["StringEquals"]["aws:ResourceTag/ray-cluster-name"],
        "demo");
    EXPECT_EQ(statement(document,
                        "Launch")["Condition"]["StringEquals"]["aws:RequestTag/ray-cluster-name"],
              "demo");
  }
}

TEST(Policies, TheHeadCanDoWhatItsAutoscalerDoesAndNoMore) {
  const std::set<std::string> all = actions(head_policy(everything()));
  for (const char* needed : {"ec2:DescribeInstances", "ec2:RunInstances", "ec2:CreateTags",
                             "ec2:TerminateInstances", "ec2:StartInstances", "iam:PassRole"})
    EXPECT_TRUE(all.contains(needed)) << needed;
  for (const char* refused : {"iam:CreateRole", "iam:PutRolePolicy", "ec2:ImportKeyPair",
                              "ec2:DeleteKeyPair", "ec2:AuthorizeSecurityGroupIngress"})
    EXPECT_FALSE(all.contains(refused)) << refused;
  EXPECT_EQ(statement(head_policy(everything()), "PassRole")["Resource"],
            Json::array({"arn:aws:iam::1:role/workers"}));
  EXPECT_FALSE(actions(head_policy(least())).contains("iam:PassRole"));
  EXPECT_FALSE(actions(head_policy(least())).contains("ec2:StopInstances"));
}

TEST(Policies, TheOperatorsFollowTheConfig) {
  const std::set<std::string> all = actions(operator_policy(everything()));
  for (const char* needed :
       {"ec2:ImportKeyPair", "ec2:CreateSecurityGroup", "iam:CreateRole", "ssm:GetParameter",
        "iam:CreateServiceLinkedRole", "ec2:DescribeLaunchTemplateVersions"})
    EXPECT_TRUE(all.contains(needed)) << needed;
  for (const std::string& action : actions(operator_policy(least()))) {
    EXPECT_FALSE(action.starts_with("iam:")) << action;
    EXPECT_FALSE(action.starts_with("ssm:")) << action;
  }
  EXPECT_FALSE(actions(operator_policy(least())).contains("ec2:ImportKeyPair"));
  EXPECT_FALSE(actions(operator_policy(least())).contains("ec2:CreateSecurityGroup"));
  const Json pass = statement(operator_policy(everything()), "PassRole");
  EXPECT_EQ(pass["Condition"]["StringEquals"]["iam:PassedToService"], "ec2.amazonaws.com");
  EXPECT_EQ(pass["Resource"], Json::array({"arn:aws:iam::*:role/rayctl-demo-us-west-2",
                                           "arn:aws:iam::1:role/workers"}));
}

TEST(Policies, OtherPartitionsHaveTheirOwnNames) {
  PolicyFacts facts = everything();
  facts.region = "cn-north-1";
  const std::string text = operator_policy(facts).dump();
  EXPECT_NE(text.find("arn:aws-cn:ec2:cn-north-1"), std::string::npos);
  EXPECT_EQ(machine_trust_policy("cn-north-1")["Statement"][0]["Principal"]["Service"],
            "ec2.amazonaws.com.cn");
  EXPECT_EQ(partition_of("us-gov-west-1"), "aws-us-gov");
}

TEST(Policies, AreComparedByWhatTheySay) {
  const Json one = Json::parse(R"({"Version": "1", "Statement": [
      {"Effect": "Allow", "Action": "a:B", "Resource": ["x", "y"]}]})");
  const Json same = Json::parse(R"({"Statement": [
      {"Resource": ["y", "x"], "Action": ["a:B"], "Effect": "Allow"}], "Version": "1"})");
  EXPECT_TRUE(same_policy(one, same));
  EXPECT_FALSE(same_policy(one, Json()));
  Json other = same;
  other["Statement"][0]["Action"].push_back("a:C");
  EXPECT_FALSE(same_policy(one, other));
}

}  // namespace
}  // namespace rayctl::aws
