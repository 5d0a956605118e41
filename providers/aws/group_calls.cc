#include "providers/aws/group_calls.h"

#include <utility>

namespace rayctl::aws {
namespace {

Result<std::vector<Group>> describe(const ResourceJob& job,
                                    const std::vector<DescribeFilter>& filters) {
  std::vector<Group> groups;
  const auto looked = for_each_item(
      job, "ec2", "DescribeSecurityGroups", filtered(filters), "securityGroupInfo",
      [&](const pugi::xml_node& item) {
        groups.push_back({text_of(item, "groupId"), text_of(item, "groupName"),
                          text_of(item, "vpcId"), cluster_in(tags_in(item.child("tagSet"))),
                          rules_in(item.child("ipPermissions"))});
      });
  if (!looked) return looked.value.error();
  return groups;
}

Result<std::optional<Group>> first_of(const ResourceJob& job,
                                      const std::vector<DescribeFilter>& filters) {
  Result<std::vector<Group>> groups = describe(job, filters);
  if (!groups) return groups.error();
  if (groups->empty()) return std::optional<Group>();
  return std::optional(std::move(groups->front()));
}

Result<std::optional<Group>> in_vpc(const ResourceJob& job, const std::string& vpc,
                                    const std::string& name) {
  return first_of(job, {{"vpc-id", {vpc}}, {"group-name", {name}}});
}

/// All rules in one call; one by one where EC2 minds one of them with `harmless`.
Result<> change_rules(const ResourceJob& job, const std::string& action,
                      const std::string& harmless, const std::string& group_id,
                      const std::vector<SecurityRule>& rules) {
  if (rules.empty()) return {};
  const bool adds = action == "AuthorizeSecurityGroupIngress";
  Params params = rule_params(rules, adds);
  params["GroupId"] = group_id;
  const Reply<Answer> done = call(job, "ec2", action, std::move(params));
  if (done) return {};
  if (done.api.code != harmless)
    return in_context(done.value.error(), "changing the rules of the security group " + group_id);
  if (rules.size() == 1) return {};
  for (const SecurityRule& rule : rules) {
    if (const Result<> one = change_rules(job, action, harmless, group_id, {rule}); !one)
      return one;
  }
  return {};
}

std::vector<std::string> strings(const Json& want, const char* key) {
  return want.value(key, std::vector<std::string>());
}

}  // namespace

GroupWanted read_group_wanted(const Json& want) {
  return {want.value("group_name", ""), want.value("permissions", Json::array()),
          strings(want, "ssh_cidr"), strings(want, "peers"), want.value("ssh_port", 22)};
}

std::vector<SecurityRule> wanted_rules(const GroupWanted& want, const std::string& id) {
  std::vector<SecurityRule> rules;
  std::vector<std::string> members = want.peers;
  if (!id.empty()) members.insert(members.begin(), id);
  for (const std::string& peer : members)
    rules.push_back({"-1", -1, -1, SecurityRule::Peer::kGroup, peer, kRuleMembers});
  for (const std::string& cidr : want.ssh_cidr)
    rules.push_back(tcp_rule(want.ssh_port, cidr, kRuleCidr));
  for (SecurityRule& rule : rules_of(want.permissions, id, want.name, kRuleConfig))
    rules.push_back(std::move(rule));
  return rules;
}

Result<std::optional<Group>> find_group(const ResourceJob& job, const VpcId& vpc_id,
                                        const GroupWanted& want) {
  const auto record = job.scope.known.find(ResourceName{"security-group"});
  if (record != job.scope.known.end() && !record->second.id.empty()) {
    Result<std::optional<Group>> known = first_of(job, {{"group-id", {record->second.id}}});
    if (!known || *known) return known;
  }
  const Result<std::string> vpc = vpc_id(job.deadline);
  if (!vpc) return vpc.error();
  return in_vpc(job, *vpc, want.name);
}

Result<std::vector<Group>> groups_of_cluster(const ResourceJob& job) {
  return describe(job, {{std::string("tag:") + kTagClusterId, {job.scope.cluster_id.text}}});
}

bool may_change(const ResourceJob& job, const Group& group) {
  const bool ours = !job.scope.cluster_id.empty() && group.cluster == job.scope.cluster_id;
  return ours || (!group.cluster && group.rules.empty());
}

Result<std::optional<Group>> create_group(const ResourceJob& job, const VpcId& vpc_id,
                                          const GroupWanted& want) {
  const Result<std::string> vpc = vpc_id(job.deadline);
  if (!vpc) return vpc.error();
  Params params{{"GroupName", want.name},
                {"GroupDescription", "Machines of the Ray cluster " + job.scope.cluster.text},
                {"VpcId", *vpc}};
  tag_what_is_made(params, "security-group", ownership_tags(job.scope));
  const Reply<Answer> made = call(job, "ec2", "CreateSecurityGroup", std::move(params));
  if (made) {
    return std::optional(Group{text_of((*made)->document_element(), "groupId"),
                               want.name,
                               *vpc,
                               job.scope.cluster_id,
                               {}});
  }
  if (made.api.code != "InvalidGroup.Duplicate")
    return in_context(made.value.error(), "making the security group " + want.name);
  for (int retry = 0;; ++retry) {
    Result<std::optional<Group>> there = in_vpc(job, *vpc, want.name);
    if (!there || *there) return there;
    if (!wait_for_consistency(job, retry)) {
      return transient(ErrorCode::kProviderUnavailable,
                       "the security group " + want.name + " is there and is not shown yet");
    }
  }
}

Result<> add_rules(const ResourceJob& job, const std::string& group_id,
                   const std::vector<SecurityRule>& rules) {
  return change_rules(job, "AuthorizeSecurityGroupIngress", "InvalidPermission.Duplicate", group_id,
                      rules);
}

Result<> revoke_rules(const ResourceJob& job, const std::string& group_id,
                      const std::vector<SecurityRule>& rules) {
  return change_rules(job, "RevokeSecurityGroupIngress", "InvalidPermission.NotFound", group_id,
                      rules);
}

}  // namespace rayctl::aws
