#pragma once
#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "model/json.h"
#include "providers/aws/api.h"

namespace rayctl::aws {

// Rules of security groups, compared without regard to how they are written. Pure.

// How the descriptions of the rules that rayctl adds begin. Every other rule is somebody else's.
inline constexpr char kRuleMembers[] = "rayctl: members";  ///< between the cluster's machines
inline constexpr char kRuleConfig[] = "rayctl: config";    ///< provider.security_group
inline constexpr char kRuleCidr[] = "rayctl: ssh_cidr";    ///< rayctl.ssh_cidr
inline constexpr char kRuleOperator[] = "rayctl: ssh ";    ///< and who; only he removes it

/// One way into a group: one protocol, one range of ports, one peer.
struct SecurityRule {
  enum class Peer { kIpv4, kIpv6, kGroup, kGroupName, kPrefixList };
  std::string protocol = "-1";  ///< "tcp", "udp", "icmp", "icmpv6", "-1" (all), or a number
  int from = -1, to = -1;       ///< ports; -1 for all, and where the protocol has none
  Peer kind = Peer::kIpv4;
  std::string peer;   ///< canonical: "10.0.0.0/8", "sg-1"
  std::string about;  ///< its description; no part of what it is
  /// Of what it lets in.
  std::strong_ordering operator<=>(const SecurityRule& other) const;
  bool operator==(const SecurityRule& other) const { return std::is_eq(*this <=> other); }
};

/// TCP on one port from a network.
SecurityRule tcp_rule(int port, const std::string& cidr, std::string about);
/// The rules in IpPermissions as boto3 (and so the config) writes them. A group that is named as
/// `own_name` is `own_id`. What the config says of a rule follows `about` in its description.
std::vector<SecurityRule> rules_of(const Json& ip_permissions, const std::string& own_id,
                                   const std::string& own_name, const std::string& about);
/// The rules in an answer's `ipPermissions`.
std::vector<SecurityRule> rules_in(const pugi::xml_node& ip_permissions);
/// Parameters IpPermissions.N of Authorize... and Revoke...; descriptions only for the former.
Params rule_params(const std::vector<SecurityRule>& rules, bool descriptions);
/// Whether TCP connections from all of `cidr` to the port are let in.
bool lets_in(const SecurityRule& rule, int port, const std::string& cidr);
/// Only characters that EC2 takes in a description, at most 255.
std::string rule_description(std::string_view text);

/// What would have to be done to a group.
struct RuleChanges {
  std::vector<SecurityRule> add, revoke;
  std::string text;  ///< one line for people; "" if there is nothing to do
};

/// `wanted` are ours by their descriptions. An operator's rule is missing only where no rule lets
/// him in. Rules of the config, of ssh_cidr and between members that are no longer wanted are
/// revoked; those of other operators and of others never are.
RuleChanges rule_changes(const std::vector<SecurityRule>& wanted,
                         const std::vector<SecurityRule>& there);

}  // namespace rayctl::aws
