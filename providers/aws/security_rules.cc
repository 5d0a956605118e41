#include "providers/aws/security_rules.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/cidr.h"
#include "base/text.h"

namespace rayctl::aws {
namespace {

using Peer = SecurityRule::Peer;

std::string protocol_name(const std::string& text) {
  static const std::map<std::string, std::string> kNumbers{
      {"1", "icmp"}, {"6", "tcp"}, {"17", "udp"}, {"58", "icmpv6"}, {"all", "-1"}, {"", "-1"}};
  const auto found = kNumbers.find(text);
  return found == kNumbers.end() ? text : found->second;
}

/// Ports count only where EC2 keeps them.
void settle(SecurityRule& rule) {
  rule.protocol = protocol_name(rule.protocol);
  const bool ports = rule.protocol == "tcp" || rule.protocol == "udp" || rule.protocol == "icmp" ||
                     rule.protocol == "icmpv6";
  if (!ports) rule.from = rule.to = -1;
  if (rule.kind == Peer::kIpv4 || rule.kind == Peer::kIpv6) rule.peer = canonical_cidr(rule.peer);
}

std::string scalar(const Json& map, const char* key) {
  const auto found = map.find(key);
  if (found == map.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

int port(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found != map.end() && found->is_number_integer() ? found->get<int>() : -1;
}

/// How EC2 and boto3 name the four kinds of peers of a rule.
struct PeerWords {
  Peer kind;
  const char* boto_list;
  const char* boto_member;
  const char* xml_list;
  const char* xml_member;
  const char* parameter;
};
constexpr PeerWords kPeers[] = {
    {Peer::kIpv4, "IpRanges", "CidrIp", "ipRanges", "cidrIp", "IpRanges.1.CidrIp"},
    {Peer::kIpv6, "Ipv6Ranges", "CidrIpv6", "ipv6Ranges", "cidrIpv6", "Ipv6Ranges.1.CidrIpv6"},
    {Peer::kGroup, "UserIdGroupPairs", "GroupId", "groups", "groupId", "Groups.1.GroupId"},
    {Peer::kGroupName, "UserIdGroupPairs", "GroupName", "groups", "groupName",
     "Groups.1.GroupName"},
    {Peer::kPrefixList, "PrefixListIds", "PrefixListId", "prefixListIds", "prefixListId",
     "PrefixListIds.1.PrefixListId"},
};

const PeerWords& words_of(Peer kind) {
  return *std::find_if(std::begin(kPeers), std::end(kPeers),
                       [&](const PeerWords& words) { return words.kind == kind; });
}

bool starts(const SecurityRule& rule, const char* beginning) {
  return rule.about.starts_with(beginning);
}

/// Groups that the config names cannot be told from the ids that EC2 answers with: any rule of the
/// config's about a group, on the same ports, counts as it.
bool is_same(const SecurityRule& wanted, const SecurityRule& there) {
  if (wanted.kind != Peer::kGroupName) return wanted == there;
  return starts(there, kRuleConfig) && there.kind == Peer::kGroup &&
         std::tie(wanted.protocol, wanted.from, wanted.to) ==
             std::tie(there.protocol, there.from, there.to);
}

std::string missing_text(const std::vector<SecurityRule>& add) {
  std::vector<std::string> parts;
  std::size_t config = 0;
  bool members = false;
  for (const SecurityRule& rule : add) {
    if (starts(rule, kRuleMembers)) {
      members = true;
    } else if (starts(rule, kRuleOperator)) {
      parts.push_back("ssh from " + rule.peer + " (" +
                      rule.about.substr(std::string_view(kRuleOperator).size()) + ") is missing");
    } else if (starts(rule, kRuleCidr)) {
      parts.push_back("ssh from " + rule.peer + " is missing");
    } else {
      ++config;
    }
  }
  if (members) parts.insert(parts.begin(), "traffic between the machines is missing");
  if (config > 0) {
    parts.push_back(plural(config, "rule") + " of the config " + (config == 1 ? "is" : "are") +
                    " missing");
  }
  return join(parts, "; ");
}

}  // namespace

std::strong_ordering SecurityRule::operator<=>(const SecurityRule& other) const {
  return std::tie(protocol, from, to, kind, peer) <=>
         std::tie(other.protocol, other.from, other.to, other.kind, other.peer);
}

SecurityRule tcp_rule(int port, const std::string& cidr, std::string about) {
  SecurityRule rule{"tcp", port, port, Peer::kIpv4, canonical_cidr(cidr), std::move(about)};
  if (rule.peer.find(':') != std::string::npos) rule.kind = Peer::kIpv6;
  return rule;
}

std::vector<SecurityRule> rules_of(const Json& ip_permissions, const std::string& own_id,
                                   const std::string& own_name, const std::string& about) {
  std::vector<SecurityRule> rules;
  if (!ip_permissions.is_array()) return rules;
  for (const Json& permission : ip_permissions) {
    if (!permission.is_object()) continue;
    for (const PeerWords& words : kPeers) {
      const auto peers = permission.find(words.boto_list);
      if (peers == permission.end() || !peers->is_array()) continue;
      for (const Json& peer : *peers) {
        if (!peer.is_object()) continue;
        if (words.kind == Peer::kGroupName && peer.contains("GroupId")) continue;
        SecurityRule rule{scalar(permission, "IpProtocol"), port(permission, "FromPort"),
                          port(permission, "ToPort"),       words.kind,
                          scalar(peer, words.boto_member),  about};
        if (rule.peer.empty()) continue;
        if (rule.kind == Peer::kGroupName && rule.peer == own_name) {
          rule.kind = Peer::kGroup;
          rule.peer = own_id;
        }
        const std::string said = scalar(peer, "Description");
        if (!said.empty()) rule.about = rule_description(about + " " + said);
        settle(rule);
        rules.push_back(std::move(rule));
      }
    }
  }
  return rules;
}

std::vector<SecurityRule> rules_in(const pugi::xml_node& ip_permissions) {
  std::vector<SecurityRule> rules;
  for (const pugi::xml_node& permission : ip_permissions.children()) {
    for (const PeerWords& words : kPeers) {
      if (words.kind == Peer::kGroupName) continue;
      for (const pugi::xml_node& peer : permission.child(words.xml_list).children()) {
        SecurityRule rule{permission.child("ipProtocol").text().get(),
                          permission.child("fromPort").text().as_int(-1),
                          permission.child("toPort").text().as_int(-1),
                          words.kind,
                          peer.child(words.xml_member).text().get(),
                          peer.child("description").text().get()};
        settle(rule);
        rules.push_back(std::move(rule));
      }
    }
  }
  return rules;
}

Params rule_params(const std::vector<SecurityRule>& rules, bool descriptions) {
  Params params;
  for (std::size_t at = 0; at < rules.size(); ++at) {
    const SecurityRule& rule = rules[at];
    const std::string permission = "IpPermissions." + std::to_string(at + 1) + ".";
    params[permission + "IpProtocol"] = rule.protocol;
    if (rule.protocol != "-1") {
      params[permission + "FromPort"] = std::to_string(rule.from);
      params[permission + "ToPort"] = std::to_string(rule.to);
    }
    const std::string parameter = permission + words_of(rule.kind).parameter;
    params[parameter] = rule.peer;
    if (descriptions && !rule.about.empty())
      params[parameter.substr(0, parameter.rfind('.')) + ".Description"] = rule.about;
  }
  return params;
}

bool lets_in(const SecurityRule& rule, int port, const std::string& cidr) {
  const bool open =
      rule.protocol == "-1" || (rule.protocol == "tcp" && ((rule.from <= port && port <= rule.to) ||
                                                           (rule.from == -1 && rule.to == -1)));
  const bool network = rule.kind == Peer::kIpv4 || rule.kind == Peer::kIpv6;
  return open && network && contains_cidr(rule.peer, cidr);
}

std::string rule_description(std::string_view text) {
  constexpr std::string_view kAllowed = " ._-:/()#,@[]+=&;{}!$*";
  std::string clean;
  for (const char c : text.substr(0, 255)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    clean += plain || kAllowed.find(c) != std::string_view::npos ? c : '_';
  }
  return clean;
}

RuleChanges rule_changes(const std::vector<SecurityRule>& wanted,
                         const std::vector<SecurityRule>& there) {
  RuleChanges changes;
  const auto have = [&](const SecurityRule& rule) {
    const bool here = std::any_of(there.begin(), there.end(),
                                  [&](const SecurityRule& each) { return is_same(rule, each); });
    const bool added = std::find(changes.add.begin(), changes.add.end(), rule) != changes.add.end();
    return here || added;
  };
  for (const SecurityRule& rule : wanted) {
    if (!starts(rule, kRuleOperator) && !have(rule)) changes.add.push_back(rule);
  }
  for (const SecurityRule& rule : wanted) {
    if (!starts(rule, kRuleOperator)) continue;
    const auto lets_him_in = [&](const SecurityRule& each) {
      return lets_in(each, rule.from, rule.peer);
    };
    if (std::none_of(there.begin(), there.end(), lets_him_in) &&
        std::none_of(changes.add.begin(), changes.add.end(), lets_him_in))
      changes.add.push_back(rule);
  }
  for (const SecurityRule& rule : there) {
    const bool ours =
        starts(rule, kRuleMembers) || starts(rule, kRuleConfig) || starts(rule, kRuleCidr);
    if (ours && std::none_of(wanted.begin(), wanted.end(),
                             [&](const SecurityRule& each) { return is_same(each, rule); }))
      changes.revoke.push_back(rule);
  }
  changes.text = missing_text(changes.add);
  if (!changes.revoke.empty()) {
    changes.text += (changes.text.empty() ? "" : "; ") + plural(changes.revoke.size(), "rule") +
                    " the config no longer has";
  }
  return changes;
}

}  // namespace rayctl::aws
