#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/resource_calls.h"

namespace rayctl::gcp {

// The firewall rules of a cluster's machines, which carry its network tag `ray-<cluster>-<digits>`:
// `<tag>-internal` between them, `<tag>-ssh` for rayctl.ssh_cidr, and one for each person or
// network that was let in, `<tag>-ssh-<digits>`, so that nobody changes what another one wrote.
// Rules have no labels: whose one is stands in its description (Ownership).

/// The id of the firewall of a cluster that Ray's launcher made: the rules that its network has for
/// all machines, and none of ours.
std::string networks_own_rules(const std::string& network);
bool is_networks_own(const std::string& id);

/// What is known of this run's operator and of the network, each asked only when it is needed.
struct FirewallFacts {
  /// URL of the network that machines are put into.
  std::function<Result<std::string>(Time deadline)> network;
  /// The address by which machines see this one, IPv4 or IPv6.
  std::function<Result<std::string>(Time deadline)> my_address;
  std::string who;  ///< "ana@laptop": named in the description of his rule
};

struct FirewallSeen {
  std::string tag;      ///< of the machines; what it will be where there is none
  bool there = false;   ///< at least one rule of the cluster is
  std::string network;  ///< of its rules, as URL
  std::optional<ClusterId> cluster;
  std::string differs;
  std::vector<Diagnostic> blocked;
  std::vector<std::string> notes;
};

/// One call, and what `facts` ask. `want` is the spec's: {"ssh_cidr", "ssh_port"}. Blocked where
/// nobody could reach the machines over SSH: neither ssh_cidr nor a rule nor this machine's
/// address.
Result<FirewallSeen> find_firewall(const ResourceJob& job, const FirewallFacts& facts,
                                   const Json& want);
/// Brings the cluster's rules to what is wanted. Repeating it makes nothing twice.
Result<FirewallSeen> make_firewall(const ResourceJob& job, const FirewallFacts& facts,
                                   const Json& want);
/// Removes every rule that carries this cluster's id. They stay where machines of others carry the
/// cluster's tag.
Result<> remove_firewall(const ResourceJob& job);

/// One network that may reach SSH.
struct SshAccess {
  std::string cidr;
  std::string who;    ///< "ana@laptop"; "ssh_cidr"; the name of a rule of somebody else's
  bool mine = false;  ///< can be removed with remove_ssh_access
  bool operator==(const SshAccess&) const = default;
};
/// kNotSupported where the rules are not there yet.
Result<std::vector<SshAccess>> list_ssh_access(const ResourceJob& job, const Json& want);
/// Lets a network or an address in. kConfigInvalid if it is none.
Result<> add_ssh_access(const ResourceJob& job, const Json& want, const std::string& cidr,
                        const std::string& who);
/// Removes what was added for a network or for somebody, and gives what it was. What ssh_cidr asks
/// for stays.
Result<std::vector<SshAccess>> remove_ssh_access(const ResourceJob& job,
                                                 const std::string& cidr_or_who);

}  // namespace rayctl::gcp
