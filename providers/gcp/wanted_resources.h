#pragma once
#include <string>
#include <vector>

#include "model/config.h"
#include "model/resource.h"
#include "providers/gcp/gce_types.h"
#include "providers/gcp/policy.h"

namespace rayctl::gcp {

inline constexpr char kKeyPairResource[] = "key-pair";
inline constexpr char kFirewallResource[] = "firewall";
inline constexpr char kServiceAccountResource[] = "service-account";

/// What decides, beside the config, about what a cluster needs. All here is pure.
struct WantedFacts {
  GcePlace place;
  std::vector<std::string> ssh_cidr;  ///< rayctl.ssh_cidr
  bool head_manages = false;          ///< the head starts and ends machines itself
};

/// What the config does not bring itself: key pair, firewall rules, the head's service account.
/// The titles of the latter two end in digits of the cluster's id, which the world tells.
std::vector<ResourceSpec> wanted_resources(const Config& config, const WantedFacts& facts);
PolicyFacts policy_facts(const Config& config, const WantedFacts& facts);

/// Whether a launch of this type is put into a network by us.
bool needs_network(const NodeTypeConfig& type);
/// The emails in a node_config's serviceAccounts.
std::vector<std::string> accounts_in(const Json& node_config);

}  // namespace rayctl::gcp
