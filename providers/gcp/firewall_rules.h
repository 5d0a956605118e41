#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/json.h"
#include "providers/gcp/resource_calls.h"

namespace rayctl::gcp {

// Firewall rules, compared without regard to how they are written. Pure.

// What a rule of ours is for, in its description. Every other rule is somebody else's.
inline constexpr char kForMembers[] = "members";  ///< between the cluster's machines
inline constexpr char kForConfig[] = "ssh_cidr";  ///< rayctl.ssh_cidr
inline constexpr char kForOperator[] = "ssh ";    ///< and who; only he removes it

/// A rule that lets something in.
struct FirewallRule {
  std::string name;
  std::string network;  ///< as URL
  std::optional<Ownership> owner;
  std::set<std::string> source_ranges;  ///< canonical
  std::set<std::string> source_tags, target_tags;
  std::set<std::string> allowed;  ///< "tcp", "tcp:22", "udp:0-65535"
  bool to_accounts = false;       ///< about machines of certain service accounts
  bool works = true;              ///< lets in, is not turned off, and refuses nothing
  bool operator==(const FirewallRule&) const = default;
};

/// A rule of an answer.
FirewallRule parse_rule(const Json& json);
/// The body that makes it.
Json rule_body(const FirewallRule& rule);
/// Whether two URLs are of the same thing, however their hosts are written.
bool same_url(const std::string& url, const std::string& other);
/// Whether TCP connections from all of `cidr` to the port are let in to machines with this tag.
bool lets_in(const FirewallRule& rule, const std::string& tag, int port, const std::string& cidr);

/// What the rules of a cluster are about.
struct RulesWanted {
  std::string tag;
  std::string network;
  std::vector<std::string> ssh_cidr;
  int ssh_port = 22;
};
RulesWanted read_rules_wanted(const Json& want);

/// The rule that lets one network in for somebody.
FirewallRule access_rule(const RulesWanted& want, const Ownership& nobodys, const std::string& cidr,
                         const std::string& who);
/// Those between members and for ssh_cidr. `nobodys`: whose they are, without a purpose.
std::vector<FirewallRule> wanted_rules(const RulesWanted& want, const Ownership& nobodys);

/// What would have to be done to a cluster's rules.
struct FirewallChanges {
  std::vector<FirewallRule> add, change, remove;
  std::string text;  ///< one line for people; "" if there is nothing to do
  bool empty() const { return add.empty() && change.empty() && remove.empty(); }
};
/// `there` are the cluster's own. An operator's rule is missing only where no rule lets him in.
/// Rules of ssh_cidr and between members that are no longer wanted go; those of operators stay.
FirewallChanges rule_changes(const std::vector<FirewallRule>& wanted,
                             const std::optional<FirewallRule>& operators,
                             const std::vector<FirewallRule>& there, const RulesWanted& want);

}  // namespace rayctl::gcp
