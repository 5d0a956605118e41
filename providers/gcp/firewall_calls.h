#pragma once
#include <vector>

#include "providers/gcp/firewall_rules.h"

namespace rayctl::gcp {

/// Every firewall rule of the project.
Result<std::vector<FirewallRule>> all_rules(const ResourceJob& job);

/// What a cluster has of rules.
struct ClusterRules {
  ClusterId id;                      ///< the cluster's; "" where nobody knows it
  std::string tag;                   ///< of its machines
  std::vector<FirewallRule> own;     ///< the cluster's
  std::vector<FirewallRule> others;  ///< of the rest, those that are about all machines
};
ClusterRules rules_of_cluster(const ResourceJob& job, std::vector<FirewallRule> all);

/// What making a rule came to.
enum class RuleMade { kDone, kNameTaken };
Result<RuleMade> insert_rule(const ResourceJob& job, const FirewallRule& rule);
/// Brings a rule that is there to this. Its network cannot be changed.
Result<> patch_rule(const ResourceJob& job, const FirewallRule& rule);
/// Succeeds if it is not there.
Result<> delete_rule(const ResourceJob& job, const std::string& name);

}  // namespace rayctl::gcp
