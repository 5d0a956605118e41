#include "providers/aws/security_group.h"

#include <algorithm>
#include <utility>

#include "base/cidr.h"
#include "providers/aws/group_calls.h"

namespace rayctl::aws {
namespace {

/// A rule for the operator, where nobody else is let in by the config.
struct Operator {
  std::optional<SecurityRule> rule;
  bool unknown = false;  ///< his address could not be learnt
};

bool open_to_all(const std::vector<SecurityRule>& rules, int port) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const SecurityRule& rule) { return lets_in(rule, port, "0.0.0.0/0"); });
}

Operator operator_rule(const ResourceJob& job, const SecurityGroupFacts& facts,
                       const GroupWanted& want, const std::vector<SecurityRule>& wanted) {
  if (!want.ssh_cidr.empty() || open_to_all(wanted, want.ssh_port)) return {};
  const Result<std::string> address =
      facts.my_address ? facts.my_address(job.deadline)
                       : Result<std::string>(permanent(ErrorCode::kNotSupported, "nobody to ask"));
  if (!address || !is_cidr(*address)) return {std::nullopt, true};
  return {tcp_rule(want.ssh_port, *address, rule_description(kRuleOperator + facts.who)), false};
}

bool anybody_let_in(const std::vector<SecurityRule>& rules, int port) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const SecurityRule& rule) { return lets_in(rule, port, rule.peer); });
}

Diagnostic nobody_lets_us_in() {
  return {Severity::kError,
          "nobody could reach the nodes over SSH: this machine's address is not known",
          "give rayctl.ssh_cidr, for example 203.0.113.7/32", std::nullopt,
          ErrorCode::kPlanNeedsDecision};
}

/// What a group is compared with; `blocked` where it would let nobody in.
struct Compared {
  RuleChanges changes;
  std::vector<Diagnostic> blocked;
};

Compared compare(const ResourceJob& job, const SecurityGroupFacts& facts, const GroupWanted& want,
                 const std::optional<Group>& group) {
  if (group && !may_change(job, *group)) return {};
  const std::vector<SecurityRule> there = group ? group->rules : std::vector<SecurityRule>();
  std::vector<SecurityRule> wanted = wanted_rules(want, group ? group->id : "");
  const Operator mine = operator_rule(job, facts, want, wanted);
  Compared result;
  if (mine.unknown && !anybody_let_in(there, want.ssh_port) &&
      !anybody_let_in(wanted, want.ssh_port))
    result.blocked.push_back(nobody_lets_us_in());
  if (mine.rule) wanted.push_back(*mine.rule);
  result.changes = rule_changes(wanted, there);
  return result;
}

SecurityGroupSeen seen(const GroupWanted& want, const std::optional<Group>& group,
                       Compared compared) {
  SecurityGroupSeen result;
  result.name = group ? group->name : want.name;
  result.blocked = std::move(compared.blocked);
  if (!group) return result;
  result.id = group->id;
  result.vpc = group->vpc;
  result.cluster = group->cluster;
  result.differs = std::move(compared.changes.text);
  return result;
}

}  // namespace

Result<SecurityGroupSeen> find_security_group(const ResourceJob& job,
                                              const SecurityGroupFacts& facts, const Json& want) {
  const GroupWanted wanted = read_group_wanted(want);
  const Result<std::optional<Group>> group = find_group(job, facts.vpc_id, wanted);
  if (!group) return group.error();
  SecurityGroupSeen result = seen(wanted, *group, compare(job, facts, wanted, *group));
  if (!job.scope.thorough || result.id.empty() || !facts.vpc_id) return result;
  const Result<std::string> vpc = facts.vpc_id(job.deadline);
  if (vpc && *vpc != result.vpc) {
    result.blocked.push_back(
        {Severity::kError,
         "the security group " + result.name + " is in " + result.vpc +
             ", the subnets of the config are in " + *vpc,
         "end the cluster with `rayctl down` first, or give subnets of " + result.vpc, std::nullopt,
         ErrorCode::kPlanNeedsDecision});
  }
  return result;
}

Result<SecurityGroupSeen> make_security_group(const ResourceJob& job,
                                              const SecurityGroupFacts& facts, const Json& want) {
  const GroupWanted wanted = read_group_wanted(want);
  Result<std::optional<Group>> group = find_group(job, facts.vpc_id, wanted);
  if (!group) return group.error();
  Compared compared = compare(job, facts, wanted, *group);
  if (!compared.blocked.empty()) {
    const Diagnostic& why = compared.blocked.front();
    return permanent(ErrorCode::kPlanNeedsDecision, why.summary + ": " + why.remedy);
  }
  if (!*group) {
    group = create_group(job, facts.vpc_id, wanted);
    if (!group) return group.error();
    compared = compare(job, facts, wanted, *group);
  }
  if (const Result<> added = add_rules(job, (*group)->id, compared.changes.add); !added)
    return added.error();
  if (const Result<> revoked = revoke_rules(job, (*group)->id, compared.changes.revoke); !revoked)
    return revoked.error();
  compared.changes = {};
  return seen(wanted, *group, std::move(compared));
}

Result<> remove_security_groups(const ResourceJob& job) {
  if (job.scope.cluster_id.empty()) return {};
  const Result<std::vector<Group>> groups = groups_of_cluster(job);
  if (!groups) return groups.error();
  for (const Group& group : *groups) {
    const Reply<Answer> removed = call(job, "ec2", "DeleteSecurityGroup", {{"GroupId", group.id}});
    if (removed || removed.api.code == "InvalidGroup.NotFound") continue;
    if (removed.api.code != "DependencyViolation")
      return in_context(removed.value.error(), "removing the security group " + group.name);
    const Result<bool> others = used_by_others(job, "instance.group-id", group.id);
    if (!others) return others.error();
    if (*others) continue;
    Error busy = transient(ErrorCode::kProviderRefused,
                           "the security group " + group.name + " (" + group.id +
                               ") is still in use: " + removed.api.message);
    return busy;
  }
  return {};
}

}  // namespace rayctl::aws
