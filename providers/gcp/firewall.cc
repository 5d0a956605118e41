#include "providers/gcp/firewall.h"

#include <algorithm>
#include <utility>

#include "base/cidr.h"
#include "providers/gcp/firewall_calls.h"
#include "providers/gcp/instances.h"

namespace rayctl::gcp {
namespace {

constexpr int kTries = 8;
constexpr char kNetworksOwn[] = "network ";

/// The rules as they are and as they should be.
struct Compared {
  ClusterRules rules;
  RulesWanted want;
  FirewallChanges changes;
  std::vector<Diagnostic> blocked;
};

bool anybody_let_in(const std::vector<FirewallRule>& rules, const RulesWanted& want) {
  return std::any_of(rules.begin(), rules.end(), [&](const FirewallRule& rule) {
    return std::any_of(
        rule.source_ranges.begin(), rule.source_ranges.end(),
        [&](const std::string& range) { return lets_in(rule, want.tag, want.ssh_port, range); });
  });
}

Diagnostic nobody_lets_us_in() {
  return {Severity::kError,
          "nobody could reach the nodes over SSH: this machine's address is not known",
          "give rayctl.ssh_cidr, for example 203.0.113.7/32", std::nullopt,
          ErrorCode::kPlanNeedsDecision};
}

Diagnostic another_network(const std::string& tag, const std::string& has,
                           const std::string& wants) {
  return {
      Severity::kError,
      "the firewall rules " + tag + "-... are of the network " + last_part(has) +
          ", the subnetwork of the config is in " + last_part(wants),
      "end the cluster with `rayctl down` first, or give networkInterfaces in " + last_part(has),
      std::nullopt, ErrorCode::kPlanNeedsDecision};
}

Ownership nobodys(const ResourceJob& job, const ClusterId& id) {
  Ownership owner = ownership(job, "");
  owner.cluster_id = id;
  return owner;
}

/// A rule for the operator, where the config lets nobody in; nullopt too where his address could
/// not be learnt, which `unknown` then says.
std::optional<FirewallRule> operators_rule(const ResourceJob& job, const FirewallFacts& facts,
                                           const RulesWanted& want, const Ownership& owner,
                                           bool& unknown) {
  if (!want.ssh_cidr.empty()) return std::nullopt;
  const Result<std::string> address =
      facts.my_address ? facts.my_address(job.deadline)
                       : Result<std::string>(permanent(ErrorCode::kNotSupported, "nobody to ask"));
  unknown = !address || !is_cidr(*address);
  if (unknown) return std::nullopt;
  return access_rule(want, owner, *address, facts.who);
}

/// The network of the cluster's rules, else the one that machines are put into. Blocked where a
/// thorough look finds two.
Result<> find_network(const ResourceJob& job, const FirewallFacts& facts, Compared& compared) {
  const std::vector<FirewallRule>& own = compared.rules.own;
  if (!own.empty()) compared.want.network = own.front().network;
  if (!facts.network || (!own.empty() && !job.scope.thorough)) return {};
  const Result<std::string> network = facts.network(job.deadline);
  if (own.empty() && !network) return network.error();
  if (own.empty()) compared.want.network = *network;
  if (network && !same_url(compared.want.network, *network)) {
    compared.blocked.push_back(another_network(compared.want.tag, compared.want.network, *network));
  }
  return {};
}

Result<Compared> compare(const ResourceJob& job, const FirewallFacts& facts, const Json& want) {
  Result<std::vector<FirewallRule>> all = all_rules(job);
  if (!all) return all.error();
  Compared compared{.rules = rules_of_cluster(job, *std::move(all)),
                    .want = read_rules_wanted(want),
                    .changes = {},
                    .blocked = {}};
  compared.want.tag = compared.rules.tag;
  if (const Result<> found = find_network(job, facts, compared); !found) return found.error();
  std::erase_if(compared.rules.others, [&](const FirewallRule& rule) {
    return !same_url(rule.network, compared.want.network);
  });
  const Ownership owner = nobodys(job, compared.rules.id);
  bool unknown = false;
  const auto mine = operators_rule(job, facts, compared.want, owner, unknown);
  if (unknown && !anybody_let_in(compared.rules.own, compared.want) &&
      !anybody_let_in(compared.rules.others, compared.want))
    compared.blocked.push_back(nobody_lets_us_in());
  compared.changes =
      rule_changes(wanted_rules(compared.want, owner), mine, compared.rules.own, compared.want);
  return compared;
}

/// What opens SSH of every machine in the network to everybody: said before the rules are made, and
/// to who looks closely.
std::vector<std::string> notes_on(const ResourceJob& job, const Compared& compared) {
  std::vector<std::string> notes;
  if (!compared.rules.own.empty() && !job.scope.thorough) return notes;
  for (const FirewallRule& rule : compared.rules.others) {
    const RulesWanted& want = compared.want;
    if (!lets_in(rule, want.tag, want.ssh_port, "0.0.0.0/0") &&
        !lets_in(rule, want.tag, want.ssh_port, "::/0"))
      continue;
    notes.push_back("the network " + last_part(rule.network) +
                    " lets everybody reach SSH of all its machines, by its rule " + rule.name +
                    ": this cluster does not need it");
  }
  return notes;
}

FirewallSeen seen(const ResourceJob& job, const Compared& compared) {
  FirewallSeen result{.tag = compared.want.tag,
                      .there = !compared.rules.own.empty(),
                      .network = compared.want.network,
                      .cluster = std::nullopt,
                      .differs = "",
                      .blocked = compared.blocked,
                      .notes = notes_on(job, compared)};
  if (!result.there) return result;
  result.cluster = compared.rules.id;
  result.differs = compared.changes.text;
  return result;
}

/// True where another look is needed: somebody was faster.
Result<bool> carry_out(const ResourceJob& job, const FirewallChanges& changes) {
  bool again = false;
  for (const FirewallRule& rule : changes.add) {
    const Result<RuleMade> made = insert_rule(job, rule);
    if (!made) return made.error();
    again = again || *made == RuleMade::kNameTaken;
  }
  for (const FirewallRule& rule : changes.change) {
    if (const Result<> done = patch_rule(job, rule); !done) return done.error();
  }
  for (const FirewallRule& rule : changes.remove) {
    if (const Result<> done = delete_rule(job, rule.name); !done) return done.error();
  }
  return again;
}

}  // namespace

std::string networks_own_rules(const std::string& network) {
  return kNetworksOwn + last_part(network);
}

bool is_networks_own(const std::string& id) {
  return id.starts_with(kNetworksOwn);
}

Result<FirewallSeen> find_firewall(const ResourceJob& job, const FirewallFacts& facts,
                                   const Json& want) {
  const Result<Compared> compared = compare(job, facts, want);
  if (!compared) return compared.error();
  return seen(job, *compared);
}

Result<FirewallSeen> make_firewall(const ResourceJob& job, const FirewallFacts& facts,
                                   const Json& want) {
  for (int tries = 0; tries < kTries; ++tries) {
    Result<Compared> compared = compare(job, facts, want);
    if (!compared) return compared.error();
    if (!compared->blocked.empty()) {
      const Diagnostic& why = compared->blocked.front();
      return permanent(ErrorCode::kPlanNeedsDecision, why.summary + ": " + why.remedy);
    }
    const Result<bool> again = carry_out(job, compared->changes);
    if (!again) return again.error();
    if (!*again) {
      FirewallSeen result = seen(job, *compared);
      result.there = true;
      result.cluster = compared->rules.id;
      result.differs = "";
      return result;
    }
    if (!wait_for_consistency(job, tries)) break;
  }
  return transient(ErrorCode::kProviderUnavailable,
                   "firewall rules of the cluster's names are there and are not shown as its own");
}

Result<> remove_firewall(const ResourceJob& job) {
  if (job.scope.cluster_id.empty()) return {};
  Result<std::vector<FirewallRule>> all = all_rules(job);
  if (!all) return all.error();
  const ClusterRules rules = rules_of_cluster(job, *std::move(all));
  if (rules.own.empty()) return {};
  std::set<std::string> tags;
  for (const FirewallRule& rule : rules.own)
    tags.insert(rule.target_tags.begin(), rule.target_tags.end());
  const Result<bool> used = used_by_others(job, [&](const GceInstance& instance) {
    return std::any_of(instance.network_tags.begin(), instance.network_tags.end(),
                       [&](const std::string& tag) { return tags.contains(tag); });
  });
  if (!used) return used.error();
  if (*used) return {};
  for (const FirewallRule& rule : rules.own) {
    if (const Result<> gone = delete_rule(job, rule.name); !gone) return gone;
  }
  return {};
}

}  // namespace rayctl::gcp
