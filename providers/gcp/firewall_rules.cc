#include "providers/gcp/firewall_rules.h"

#include <algorithm>
#include <charconv>

#include "base/cidr.h"
#include "base/digest.h"
#include "base/text.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kLongestDescription = 256;
constexpr std::size_t kDigits = 8;

using Texts = std::set<std::string>;

Texts texts_in(const Json& json, const char* key) {
  Texts all;
  for (const Json& each : list_in(json, key)) {
    if (each.is_string()) all.insert(each.get<std::string>());
  }
  return all;
}

Texts allowed_in(const Json& json) {
  Texts all;
  for (const Json& each : list_in(json, "allowed")) {
    const std::string protocol = text_of(each, "IPProtocol");
    const Texts ports = texts_in(each, "ports");
    if (ports.empty()) all.insert(protocol);
    for (const std::string& port : ports)
      all.insert(protocol + ":" + port);
  }
  return all;
}

Json allowed_body(const Texts& allowed) {
  Json all = Json::array();
  for (const std::string& each : allowed) {
    const std::vector<std::string> parts = split(each, ':');
    Json entry{{"IPProtocol", parts[0]}};
    if (parts.size() > 1) entry["ports"] = Json::array({parts[1]});
    all.push_back(std::move(entry));
  }
  return all;
}

int number(std::string_view text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Whether "tcp:20-30" has the port 22 of TCP in it.
bool has_port(const std::string& allowed, int port) {
  const std::vector<std::string> parts = split(allowed, ':');
  if (parts[0] == "all") return true;
  if (parts[0] != "tcp" && parts[0] != "6") return false;
  if (parts.size() == 1) return true;
  const std::vector<std::string> ends = split(parts[1], '-');
  return number(ends.front()) <= port && port <= number(ends.back());
}

bool is_ipv6(const std::string& cidr) {
  return cidr.find(':') != std::string::npos;
}

FirewallRule bare_rule(const RulesWanted& want, const Ownership& nobodys, const std::string& end,
                       const std::string& purpose) {
  FirewallRule rule{.name = want.tag + end,
                    .network = want.network,
                    .owner = nobodys,
                    .source_ranges = {},
                    .source_tags = {},
                    .target_tags = {want.tag},
                    .allowed = {}};
  rule.owner->purpose = purpose;
  return rule;
}

bool is_for(const FirewallRule& rule, const std::string& purpose) {
  return rule.owner && rule.owner->purpose == purpose;
}

const FirewallRule* named(const std::vector<FirewallRule>& rules, const std::string& name) {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const FirewallRule& each) { return each.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

/// All but its network, which cannot be changed, and what people write.
bool is_same(const FirewallRule& rule, const FirewallRule& other) {
  return rule.source_ranges == other.source_ranges && rule.source_tags == other.source_tags &&
         rule.target_tags == other.target_tags && rule.allowed == other.allowed &&
         rule.works == other.works && rule.to_accounts == other.to_accounts;
}

std::string what(const FirewallRule& rule) {
  if (is_for(rule, kForMembers)) return "the rule between its machines";
  std::vector<std::string> ranges(rule.source_ranges.begin(), rule.source_ranges.end());
  std::string text = "ssh from " + join(ranges, ", ");
  if (!is_for(rule, kForConfig))
    text += " (" + rule.owner->purpose.substr(std::string_view(kForOperator).size()) + ")";
  return text;
}

std::string text_of_changes(const FirewallChanges& changes) {
  std::vector<std::string> parts;
  for (const FirewallRule& rule : changes.add)
    parts.push_back(what(rule) + " is missing");
  for (const FirewallRule& rule : changes.change)
    parts.push_back(what(rule) + " is not as wanted");
  if (!changes.remove.empty())
    parts.push_back(plural(changes.remove.size(), "rule") + " the config no longer has");
  return join(parts, "; ");
}

}  // namespace

FirewallRule parse_rule(const Json& json) {
  FirewallRule rule{.name = text_of(json, "name"),
                    .network = text_of(json, "network"),
                    .owner = ownership_in(text_of(json, "description")),
                    .source_ranges = {},
                    .source_tags = texts_in(json, "sourceTags"),
                    .target_tags = texts_in(json, "targetTags"),
                    .allowed = allowed_in(json)};
  for (const std::string& range : texts_in(json, "sourceRanges"))
    rule.source_ranges.insert(canonical_cidr(range));
  rule.to_accounts = !list_in(json, "targetServiceAccounts").empty() ||
                     !list_in(json, "sourceServiceAccounts").empty();
  const std::string direction = text_of(json, "direction");
  rule.works = (direction.empty() || direction == "INGRESS") && !json.value("disabled", false) &&
               list_in(json, "denied").empty();
  return rule;
}

Json rule_body(const FirewallRule& rule) {
  Json body{{"name", rule.name},
            {"network", rule.network},
            {"direction", "INGRESS"},
            {"disabled", false},
            {"targetTags", rule.target_tags},
            {"allowed", allowed_body(rule.allowed)}};
  if (rule.owner) body["description"] = description_of(*rule.owner, kLongestDescription);
  if (!rule.source_ranges.empty()) body["sourceRanges"] = rule.source_ranges;
  if (!rule.source_tags.empty()) body["sourceTags"] = rule.source_tags;
  return body;
}

bool same_url(const std::string& url, const std::string& other) {
  const auto tail = [](const std::string& whole) {
    const std::size_t at = whole.find("projects/");
    return at == std::string::npos ? whole : whole.substr(at);
  };
  return tail(url) == tail(other);
}

bool lets_in(const FirewallRule& rule, const std::string& tag, int port, const std::string& cidr) {
  const bool about_us = rule.target_tags.empty() || rule.target_tags.contains(tag);
  if (!rule.works || rule.to_accounts || !about_us) return false;
  const bool open = std::any_of(rule.allowed.begin(), rule.allowed.end(),
                                [&](const std::string& each) { return has_port(each, port); });
  return open && std::any_of(rule.source_ranges.begin(), rule.source_ranges.end(),
                             [&](const std::string& range) { return contains_cidr(range, cidr); });
}

RulesWanted read_rules_wanted(const Json& want) {
  RulesWanted result;
  for (const Json& cidr : list_in(want, "ssh_cidr")) {
    if (cidr.is_string()) result.ssh_cidr.push_back(canonical_cidr(cidr.get<std::string>()));
  }
  result.ssh_port = want.value("ssh_port", 22);
  return result;
}

FirewallRule access_rule(const RulesWanted& want, const Ownership& nobodys, const std::string& cidr,
                         const std::string& who) {
  const std::string network = canonical_cidr(cidr);
  const std::string digits = short_digest(network + "\n" + who).substr(0, kDigits);
  FirewallRule rule = bare_rule(want, nobodys, "-ssh-" + digits, kForOperator + who);
  rule.source_ranges = {network};
  rule.allowed = {"tcp:" + std::to_string(want.ssh_port)};
  return rule;
}

std::vector<FirewallRule> wanted_rules(const RulesWanted& want, const Ownership& nobodys) {
  std::vector<FirewallRule> wanted;
  wanted.push_back(bare_rule(want, nobodys, "-internal", kForMembers));
  wanted.back().source_tags = {want.tag};
  wanted.back().allowed = {"tcp", "udp", "icmp"};
  // A rule holds networks of one kind.
  for (const bool ipv6 : {false, true}) {
    FirewallRule rule = bare_rule(want, nobodys, ipv6 ? "-ssh6" : "-ssh", kForConfig);
    for (const std::string& cidr : want.ssh_cidr) {
      if (is_ipv6(cidr) == ipv6) rule.source_ranges.insert(cidr);
    }
    rule.allowed = {"tcp:" + std::to_string(want.ssh_port)};
    if (!rule.source_ranges.empty()) wanted.push_back(std::move(rule));
  }
  return wanted;
}

FirewallChanges rule_changes(const std::vector<FirewallRule>& wanted,
                             const std::optional<FirewallRule>& operators,
                             const std::vector<FirewallRule>& there, const RulesWanted& want) {
  FirewallChanges changes;
  const auto settle = [&](const FirewallRule& rule) {
    const FirewallRule* const now = named(there, rule.name);
    if (now == nullptr) changes.add.push_back(rule);
    if (now != nullptr && !is_same(*now, rule)) changes.change.push_back(rule);
  };
  for (const FirewallRule& rule : wanted)
    settle(rule);
  if (operators) {
    const std::string& address = *operators->source_ranges.begin();
    const bool is_in = std::any_of(there.begin(), there.end(), [&](const FirewallRule& each) {
      return lets_in(each, want.tag, want.ssh_port, address);
    });
    if (!is_in) settle(*operators);
  }
  for (const FirewallRule& rule : there) {
    const bool ours = is_for(rule, kForMembers) || is_for(rule, kForConfig);
    if (ours && named(wanted, rule.name) == nullptr) changes.remove.push_back(rule);
  }
  changes.text = text_of_changes(changes);
  return changes;
}

}  // namespace rayctl::gcp
