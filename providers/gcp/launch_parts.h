#pragma once
#include <string>
#include <vector>

namespace rayctl::gcp {

/// What a launch adds to a node_config that does not bring it; "" for what is not there or not ours
/// to give.
struct LaunchParts {
  std::vector<std::string> ssh_keys;  ///< lines of `ssh-keys`: "ubuntu:ssh-ed25519 AAAA... comment"
  std::string network, subnetwork;    ///< as URLs: of machines whose config has no interfaces
  bool external_address = true;       ///< such a machine gets one
  std::string network_tag;            ///< what the cluster's firewall rules are about
  std::string service_account;        ///< email of the head's
  bool operator==(const LaunchParts&) const = default;
};

}  // namespace rayctl::gcp
