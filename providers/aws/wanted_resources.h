#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/resource.h"
#include "providers/aws/policy.h"

namespace rayctl::aws {

inline constexpr char kKeyPairResource[] = "key-pair";
inline constexpr char kSecurityGroupResource[] = "security-group";
inline constexpr char kRoleResource[] = "role";
inline constexpr char kInstanceProfileResource[] = "instance-profile";

/// What decides, beside the config, about what a cluster needs. All here is pure.
struct WantedFacts {
  std::string region;
  std::vector<std::string> ssh_cidr;  ///< rayctl.ssh_cidr
  bool head_manages = false;          ///< the head starts and ends machines itself
  /// What launch templates give, in a node_config's words, by node type. Of one that is not here,
  /// groups and profile are taken to be in it.
  std::map<NodeTypeName, Json> templates;
};

/// What the config does not bring itself, each after its needs: key pair, security group, role,
/// instance profile. The title of a key pair is Ray's first choice; the world decides the rest.
std::vector<ResourceSpec> wanted_resources(const Config& config, const WantedFacts& facts);
PolicyFacts policy_facts(const Config& config, const WantedFacts& facts);

/// What of the resources a launch names; "" for what is not there or not ours to give.
struct KnownIds {
  std::string key_name;
  std::string security_group;
  std::string instance_profile_arn;
  bool operator==(const KnownIds&) const = default;
};
/// A node_config with what it does not bring itself: KeyName, SecurityGroupIds (in each network
/// interface without groups, where there are interfaces), and IamInstanceProfile for the head.
Json completed_node_config(const Json& node_config, bool head, const KnownIds& ids);

}  // namespace rayctl::aws
