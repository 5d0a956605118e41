#include <algorithm>

#include "base/cidr.h"
#include "providers/aws/group_calls.h"
#include "providers/aws/security_group.h"

namespace rayctl::aws {
namespace {

bool is_network(const SecurityRule& rule) {
  return rule.kind == SecurityRule::Peer::kIpv4 || rule.kind == SecurityRule::Peer::kIpv6;
}

SshAccess access_of(const SecurityRule& rule) {
  if (rule.about.starts_with(kRuleOperator))
    return {rule.peer, rule.about.substr(std::string_view(kRuleOperator).size()), true};
  if (rule.about.starts_with(kRuleConfig)) return {rule.peer, "config", false};
  if (rule.about.starts_with(kRuleCidr)) return {rule.peer, "ssh_cidr", false};
  return {rule.peer, rule.about, false};
}

Result<Group> group_that_is_there(const ResourceJob& job, const SecurityGroupFacts& facts,
                                  const GroupWanted& want) {
  Result<std::optional<Group>> group = find_group(job, facts.vpc_id, want);
  if (!group) return group.error();
  if (*group) return **group;
  return permanent(ErrorCode::kNotSupported, "the security group " + want.name +
                                                 " is not there yet: `rayctl apply` makes it");
}

Result<Group> group_of_ours(const ResourceJob& job, const SecurityGroupFacts& facts,
                            const GroupWanted& want) {
  Result<Group> group = group_that_is_there(job, facts, want);
  if (!group || group->cluster == job.scope.cluster_id) return group;
  return permanent(
      ErrorCode::kNotSupported,
      "the security group " + group->name + " is not rayctl's: change its rules where it was made");
}

}  // namespace

Result<std::vector<SshAccess>> list_ssh_access(const ResourceJob& job,
                                               const SecurityGroupFacts& facts, const Json& want) {
  const GroupWanted wanted = read_group_wanted(want);
  const Result<Group> group = group_that_is_there(job, facts, wanted);
  if (!group) return group.error();
  std::vector<SshAccess> all;
  for (const SecurityRule& rule : group->rules) {
    if (is_network(rule) && lets_in(rule, wanted.ssh_port, rule.peer))
      all.push_back(access_of(rule));
  }
  return all;
}

Result<> add_ssh_access(const ResourceJob& job, const SecurityGroupFacts& facts, const Json& want,
                        const std::string& cidr, const std::string& who) {
  if (!is_cidr(cidr)) {
    return permanent(ErrorCode::kConfigInvalid,
                     "`" + cidr + "` is no network: give one such as 203.0.113.7/32");
  }
  const GroupWanted wanted = read_group_wanted(want);
  const Result<Group> group = group_of_ours(job, facts, wanted);
  if (!group) return group.error();
  const SecurityRule rule = tcp_rule(wanted.ssh_port, cidr, rule_description(kRuleOperator + who));
  return add_rules(job, group->id, {rule});
}

Result<std::vector<SshAccess>> remove_ssh_access(const ResourceJob& job,
                                                 const SecurityGroupFacts& facts, const Json& want,
                                                 const std::string& cidr_or_who) {
  const Result<Group> group = group_of_ours(job, facts, read_group_wanted(want));
  if (!group) return group.error();
  std::vector<SecurityRule> going;
  std::vector<SshAccess> gone;
  const std::string who = rule_description(cidr_or_who);
  for (const SecurityRule& rule : group->rules) {
    const SshAccess access = access_of(rule);
    if (!access.mine) continue;
    if (access.who != who && access.cidr != canonical_cidr(cidr_or_who)) continue;
    going.push_back(rule);
    gone.push_back(access);
  }
  if (const Result<> revoked = revoke_rules(job, group->id, going); !revoked)
    return revoked.error();
  return gone;
}

}  // namespace rayctl::aws
