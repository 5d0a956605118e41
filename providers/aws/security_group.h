#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "providers/aws/resource_calls.h"
#include "providers/aws/security_rules.h"

namespace rayctl::aws {

// The security group of a cluster's machines, where the config brings none: `ray-autoscaler-
// <cluster>` or provider.security_group.GroupName, in the VPC of its subnets, as Ray has it. One
// that was found and has rules is used as it is.

/// What is known of this run's operator and of the network, each asked only when it is needed.
struct SecurityGroupFacts {
  std::function<Result<std::string>(Time deadline)> vpc_id;
  /// The address by which machines see this one, IPv4 or IPv6.
  std::function<Result<std::string>(Time deadline)> my_address;
  std::string who;  ///< "ana@laptop": named in the description of his rule
};

struct SecurityGroupSeen {
  std::string name;
  std::string id;  ///< "" if it is not there
  std::string vpc;
  std::optional<ClusterId> cluster;
  std::string differs;
  std::vector<Diagnostic> blocked;
};

/// One call, and one for the VPC where the group is not recorded. `want` is the spec's:
/// {"group_name", "permissions", "ssh_cidr", "ssh_port", "peers"}. Blocked where nobody could
/// reach the machines over SSH: neither ssh_cidr nor a rule nor this machine's address.
Result<SecurityGroupSeen> find_security_group(const ResourceJob& job,
                                              const SecurityGroupFacts& facts, const Json& want);
/// Finds or makes the group and brings its rules to what is wanted (rule_changes). Repeating it
/// makes nothing twice.
Result<SecurityGroupSeen> make_security_group(const ResourceJob& job,
                                              const SecurityGroupFacts& facts, const Json& want);
/// Removes the groups that carry this cluster's id. One that machines of others are in stays;
/// kTransient while our own are.
Result<> remove_security_groups(const ResourceJob& job);

/// One network that may reach SSH.
struct SshAccess {
  std::string cidr;
  std::string who;    ///< "ana@laptop"; "config", "ssh_cidr"; else the rule's own description
  bool mine = false;  ///< can be removed with remove_ssh_access
  bool operator==(const SshAccess&) const = default;
};
Result<std::vector<SshAccess>> list_ssh_access(const ResourceJob& job,
                                               const SecurityGroupFacts& facts, const Json& want);
/// Lets a network or an address in. kConfigInvalid if it is none, kNotSupported where the group is
/// not rayctl's or is not there yet.
Result<> add_ssh_access(const ResourceJob& job, const SecurityGroupFacts& facts, const Json& want,
                        const std::string& cidr, const std::string& who);
/// Removes what was added for a network or for somebody, and gives what it was. The config's own
/// rules stay.
Result<std::vector<SshAccess>> remove_ssh_access(const ResourceJob& job,
                                                 const SecurityGroupFacts& facts, const Json& want,
                                                 const std::string& cidr_or_who);

}  // namespace rayctl::aws
