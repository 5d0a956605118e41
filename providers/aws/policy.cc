#include "providers/aws/policy.h"

#include <algorithm>
#include <utility>

#include "model/tags.h"

namespace rayctl::aws {
namespace {

using Words = std::vector<std::string>;

const std::string kRequestCluster = std::string("aws:RequestTag/") + kTagClusterName;
const std::string kResourceCluster = std::string("aws:ResourceTag/") + kTagClusterName;

Json equals(const std::string& key, const Json& value) {
  return {{"StringEquals", {{key, value}}}};
}

/// Builds one document; `facts` outlives it.
class Document {
 public:
  explicit Document(const PolicyFacts& facts) : facts_(facts) {}

  void allow(const std::string& sid, const Words& actions, const Json& resources,
             const Json& condition = Json()) {
    Json statement{{"Sid", sid}, {"Effect", "Allow"}, {"Action", actions}, {"Resource", resources}};
    if (!condition.is_null()) statement["Condition"] = condition;
    statements_.push_back(std::move(statement));
  }
  Json take() { return {{"Version", "2012-10-17"}, {"Statement", std::move(statements_)}}; }

  std::string ec2(const std::string& what) const {
    return "arn:" + partition_of(facts_.region) + ":ec2:" + facts_.region + ":*:" + what;
  }
  std::string iam(const std::string& what) const {
    return "arn:" + partition_of(facts_.region) + ":iam::*:" + what;
  }
  std::string role(const std::string& name) const {
    return name.starts_with("arn:") ? name : iam("role/" + name);
  }
  Json of_cluster() const { return equals(kResourceCluster, facts_.cluster); }
  Json tagged_for_cluster() const { return equals(kRequestCluster, facts_.cluster); }

  void look(const Words& actions) {
    allow("Look", actions, "*", equals("aws:RequestedRegion", facts_.region));
  }
  /// Starts, tags and ends machines of this cluster, and touches no other.
  void machines() {
    allow("Launch", {"ec2:RunInstances"}, ec2("instance/*"), tagged_for_cluster());
    // Of these, images alone belong to no account.
    Json used = {"arn:" + partition_of(facts_.region) + ":ec2:" + facts_.region + "::image/*"};
    Words kinds{"subnet", "network-interface", "security-group", "key-pair", "volume"};
    if (facts_.spot) kinds.emplace_back("spot-instances-request");
    if (facts_.launch_templates) kinds.emplace_back("launch-template");
    for (const std::string& kind : kinds)
      used.push_back(ec2(kind + "/*"));
    allow("LaunchWith", {"ec2:RunInstances"}, used);
    allow("TagWhatIsMade", {"ec2:CreateTags"}, ec2("*/*"), equals("ec2:CreateAction", makers()));
    allow("Tag", {"ec2:CreateTags", "ec2:DeleteTags"}, ec2("instance/*"), of_cluster());
    Words ends{"ec2:TerminateInstances"};
    if (facts_.keeps_stopped) {
      ends.emplace_back("ec2:StopInstances");
      ends.emplace_back("ec2:StartInstances");
    }
    allow("End", ends, ec2("instance/*"), of_cluster());
  }
  void makes(const std::string& action) { makers_.push_back(action); }
  void pass(const Words& roles) {
    if (roles.empty()) return;
    Json resources = Json::array();
    for (const std::string& name : roles)
      resources.push_back(role(name));
    allow("PassRole", {"iam:PassRole"}, resources,
          equals("iam:PassedToService", ec2_service(facts_.region)));
  }
  static std::string ec2_service(const std::string& region) {
    return region.starts_with("cn-") ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
  }

 private:
  Json makers() const {
    Json all = {"RunInstances"};
    for (const std::string& action : makers_)
      all.push_back(action);
    return all;
  }
  const PolicyFacts& facts_;
  Words makers_;
  Json statements_ = Json::array();
};

void key_pair(Document& document, const PolicyFacts& facts) {
  const std::string pairs = document.ec2("key-pair/" + facts.key_pair);
  document.allow("MakeKeyPair", {"ec2:ImportKeyPair"}, pairs, document.tagged_for_cluster());
  document.allow("RemoveKeyPair", {"ec2:DeleteKeyPair"}, pairs, document.of_cluster());
}

void security_group(Document& document) {
  const std::string groups = document.ec2("security-group/*");
  document.allow("MakeGroup", {"ec2:CreateSecurityGroup"}, groups, document.tagged_for_cluster());
  document.allow("MakeGroupIn", {"ec2:CreateSecurityGroup"}, document.ec2("vpc/*"));
  document.allow("ChangeGroup",
                 {"ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress",
                  "ec2:DeleteSecurityGroup"},
                 groups, document.of_cluster());
}

void head_role(Document& document, const PolicyFacts& facts) {
  document.allow("HeadRole",
                 {"iam:GetRole", "iam:CreateRole", "iam:TagRole", "iam:DeleteRole",
                  "iam:UpdateAssumeRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy",
                  "iam:DeleteRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies",
                  "iam:DetachRolePolicy", "iam:ListInstanceProfilesForRole"},
                 document.role(facts.role));
  document.allow("HeadProfile",
                 {"iam:GetInstanceProfile", "iam:CreateInstanceProfile", "iam:TagInstanceProfile",
                  "iam:DeleteInstanceProfile", "iam:AddRoleToInstanceProfile",
                  "iam:RemoveRoleFromInstanceProfile"},
                 document.iam("instance-profile/" + facts.role));
  document.allow("LookForOrphans", {"iam:ListRoles", "iam:ListInstanceProfiles"}, "*");
}

void orphans(Document& document) {
  document.allow("RemoveOrphans", {"ec2:DeleteVolume", "ec2:DeleteNetworkInterface"},
                 {document.ec2("volume/*"), document.ec2("network-interface/*")},
                 document.of_cluster());
}

Words looks(const PolicyFacts& facts) {
  Words actions{"ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeSubnets",
                "ec2:DescribeSecurityGroups"};
  if (facts.launch_templates) actions.emplace_back("ec2:DescribeLaunchTemplateVersions");
  return actions;
}

Json normalised(const Json& value) {
  if (value.is_object()) {
    Json result = Json::object();
    for (const auto& [key, member] : value.items()) {
      const bool list = member.is_string() && key != "Sid" && key != "Effect" && key != "Version";
      result[key] = normalised(list ? Json::array({member}) : member);
    }
    return result;
  }
  if (!value.is_array()) return value;
  Json result = Json::array();
  for (const Json& each : value)
    result.push_back(normalised(each));
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

std::string partition_of(const std::string& region) {
  if (region.starts_with("cn-")) return "aws-cn";
  return region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
}

Json operator_policy(const PolicyFacts& facts) {
  Document document(facts);
  Words look = looks(facts);
  look.insert(look.end(),
              {"ec2:DescribeKeyPairs", "ec2:DescribeVolumes", "ec2:DescribeNetworkInterfaces"});
  document.look(look);
  if (!facts.key_pair.empty()) document.makes("ImportKeyPair");
  if (facts.security_group) document.makes("CreateSecurityGroup");
  document.machines();
  if (!facts.key_pair.empty()) key_pair(document, facts);
  if (facts.security_group) security_group(document);
  if (!facts.role.empty()) head_role(document, facts);
  Words passed = facts.head_roles;
  if (!facts.role.empty()) passed.push_back(facts.role);
  passed.insert(passed.end(), facts.worker_roles.begin(), facts.worker_roles.end());
  document.pass(passed);
  if (facts.latest_image) {
    document.allow(
        "LatestImage", {"ssm:GetParameter"},
        "arn:" + partition_of(facts.region) + ":ssm:" + facts.region + "::parameter/aws/service/*");
  }
  if (facts.spot) {
    document.allow("FirstSpot", {"iam:CreateServiceLinkedRole"},
                   document.iam("role/aws-service-role/spot.amazonaws.com/*"),
                   equals("iam:AWSServiceName", "spot.amazonaws.com"));
  }
  orphans(document);
  return document.take();
}

Json head_policy(const PolicyFacts& facts) {
  Document document(facts);
  document.look(looks(facts));
  document.machines();
  document.pass(facts.worker_roles);
  return document.take();
}

Json machine_trust_policy(const std::string& region) {
  return {{"Version", "2012-10-17"},
          {"Statement",
           {{{"Effect", "Allow"},
             {"Principal", {{"Service", Document::ec2_service(region)}}},
             {"Action", "sts:AssumeRole"}}}}};
}

bool same_policy(const Json& document, const Json& other) {
  return normalised(document) == normalised(other);
}

}  // namespace rayctl::aws
