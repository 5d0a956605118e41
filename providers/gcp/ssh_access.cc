#include "base/cidr.h"
#include "providers/gcp/firewall.h"
#include "providers/gcp/firewall_calls.h"

namespace rayctl::gcp {
namespace {

constexpr int kTries = 8;

/// The cluster's rules, of which there is at least one.
Result<ClusterRules> rules_that_are_there(const ResourceJob& job) {
  Result<std::vector<FirewallRule>> all = all_rules(job);
  if (!all) return all.error();
  ClusterRules rules = rules_of_cluster(job, *std::move(all));
  if (!rules.own.empty()) return rules;
  return permanent(ErrorCode::kNotSupported,
                   "the firewall rules of the cluster are not there yet: `rayctl apply` makes "
                   "them");
}

bool is_operators(const FirewallRule& rule) {
  return rule.owner && rule.owner->purpose.starts_with(kForOperator);
}

std::string who_of(const FirewallRule& rule) {
  if (!rule.owner) return rule.name;
  if (!is_operators(rule)) return rule.owner->purpose;
  return rule.owner->purpose.substr(std::string_view(kForOperator).size());
}

void add_accesses(std::vector<SshAccess>& all, const FirewallRule& rule, const RulesWanted& want) {
  for (const std::string& range : rule.source_ranges) {
    if (lets_in(rule, want.tag, want.ssh_port, range))
      all.push_back({.cidr = range, .who = who_of(rule), .mine = is_operators(rule)});
  }
}

}  // namespace

Result<std::vector<SshAccess>> list_ssh_access(const ResourceJob& job, const Json& want) {
  const Result<ClusterRules> rules = rules_that_are_there(job);
  if (!rules) return rules.error();
  RulesWanted wanted = read_rules_wanted(want);
  wanted.tag = rules->tag;
  std::vector<SshAccess> all;
  for (const FirewallRule& rule : rules->own)
    add_accesses(all, rule, wanted);
  for (const FirewallRule& rule : rules->others) {
    if (same_url(rule.network, rules->own.front().network)) add_accesses(all, rule, wanted);
  }
  return all;
}

Result<> add_ssh_access(const ResourceJob& job, const Json& want, const std::string& cidr,
                        const std::string& who) {
  if (!is_cidr(cidr)) {
    return permanent(ErrorCode::kConfigInvalid,
                     "`" + cidr + "` is no network: give one such as 203.0.113.7/32");
  }
  for (int tries = 0; tries < kTries; ++tries) {
    const Result<ClusterRules> rules = rules_that_are_there(job);
    if (!rules) return rules.error();
    RulesWanted wanted = read_rules_wanted(want);
    wanted.tag = rules->tag;
    wanted.network = rules->own.front().network;
    Ownership owner = ownership(job, "");
    owner.cluster_id = rules->id;
    const FirewallRule rule = access_rule(wanted, owner, cidr, who);
    const FirewallChanges changes = rule_changes({rule}, std::nullopt, rules->own, wanted);
    if (changes.add.empty() && changes.change.empty()) return {};
    if (!changes.change.empty()) return patch_rule(job, changes.change.front());
    const Result<RuleMade> made = insert_rule(job, rule);
    if (!made) return made.error();
    if (*made == RuleMade::kDone) return {};
    if (!wait_for_consistency(job, tries)) break;
  }
  return transient(ErrorCode::kProviderUnavailable,
                   "a firewall rule of the name for this access is there and is not the cluster's");
}

Result<std::vector<SshAccess>> remove_ssh_access(const ResourceJob& job,
                                                 const std::string& cidr_or_who) {
  const Result<ClusterRules> rules = rules_that_are_there(job);
  if (!rules) return rules.error();
  std::vector<SshAccess> gone;
  const std::string cidr = canonical_cidr(cidr_or_who);
  for (const FirewallRule& rule : rules->own) {
    if (!is_operators(rule)) continue;
    if (who_of(rule) != cidr_or_who && !rule.source_ranges.contains(cidr)) continue;
    if (const Result<> removed = delete_rule(job, rule.name); !removed) return removed.error();
    for (const std::string& range : rule.source_ranges)
      gone.push_back({.cidr = range, .who = who_of(rule), .mine = true});
  }
  return gone;
}

}  // namespace rayctl::gcp
