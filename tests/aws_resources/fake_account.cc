#include "tests/aws_resources/fake_account.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "net/ssh_key.h"

namespace rayctl::aws {
namespace {

using Attributes = std::map<std::string, std::set<std::string>>;

std::string element(const std::string& name, const std::string& text) {
  return "<" + name + ">" + text + "</" + name + ">";
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string leaf(const std::string& name, const std::string& text) {
  return element(name, escaped(text));
}

/// As IAM shows documents.
std::string url_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      out += c;
      continue;
    }
    std::array<char, 4> hex{};
    std::snprintf(hex.data(), hex.size(), "%%%02X", static_cast<unsigned char>(c));
    out += hex.data();
  }
  return out;
}

std::string at(const Params& params, const std::string& key) {
  const auto found = params.find(key);
  return found == params.end() ? "" : found->second;
}

Tags tags_from(const Params& params, const std::string& prefix) {
  Tags tags;
  for (int n = 1; params.contains(prefix + std::to_string(n) + ".Key"); ++n)
    tags[at(params, prefix + std::to_string(n) + ".Key")] =
        at(params, prefix + std::to_string(n) + ".Value");
  return tags;
}

std::string tags_xml(const std::string& list, const std::string& item, bool iam, const Tags& tags) {
  std::string xml;
  for (const auto& [key, value] : tags)
    xml += element(item, leaf(iam ? "Key" : "key", key) + leaf(iam ? "Value" : "value", value));
  return element(list, xml);
}

/// Whether an object passes the filters; nullopt if EC2 does not know one of them.
bool passes(const Params& params, Attributes attributes, const Tags& tags) {
  for (const auto& [key, value] : tags) {
    attributes["tag:" + key] = {value};
    attributes["tag-key"].insert(key);
  }
  for (int n = 1; params.contains("Filter." + std::to_string(n) + ".Name"); ++n) {
    const std::string filter = "Filter." + std::to_string(n);
    const std::set<std::string>& have = attributes[at(params, filter + ".Name")];
    bool any = false;
    for (int v = 1; params.contains(filter + ".Value." + std::to_string(v)); ++v) {
      const std::string pattern = at(params, filter + ".Value." + std::to_string(v));
      any = any || std::any_of(have.begin(), have.end(),
                               [&](const std::string& each) { return glob_match(pattern, each); });
    }
    if (!any) return false;
  }
  return true;
}

const char* const kWordless[] = {"ipRanges", "ipv6Ranges", "groups", "", "prefixListIds"};
const char* const kPeerWords[] = {"cidrIp", "cidrIpv6", "groupId", "", "prefixListId"};
const char* const kPeerParams[] = {"IpRanges.1.CidrIp", "Ipv6Ranges.1.CidrIpv6", "Groups.1.GroupId",
                                   "Groups.1.GroupName", "PrefixListIds.1.PrefixListId"};

std::string rule_xml(const SecurityRule& rule) {
  const auto kind = static_cast<std::size_t>(rule.kind);
  std::string xml = leaf("ipProtocol", rule.protocol);
  if (rule.protocol != "-1") {
    xml += leaf("fromPort", std::to_string(rule.from)) + leaf("toPort", std::to_string(rule.to));
  }
  std::string peer = leaf(kPeerWords[kind], rule.peer);
  if (!rule.about.empty()) peer += leaf("description", rule.about);
  return element("item", xml + element(kWordless[kind], element("item", peer)));
}

std::vector<SecurityRule> rules_from(const Params& params) {
  std::vector<SecurityRule> rules;
  for (int n = 1; params.contains("IpPermissions." + std::to_string(n) + ".IpProtocol"); ++n) {
    const std::string prefix = "IpPermissions." + std::to_string(n) + ".";
    SecurityRule rule;
    rule.protocol = at(params, prefix + "IpProtocol");
    if (params.contains(prefix + "FromPort")) {
      rule.from = std::stoi(at(params, prefix + "FromPort"));
      rule.to = std::stoi(at(params, prefix + "ToPort"));
    }
    for (std::size_t kind = 0; kind < std::size(kPeerParams); ++kind) {
      const std::string parameter = prefix + kPeerParams[kind];
      if (!params.contains(parameter)) continue;
      rule.kind = static_cast<SecurityRule::Peer>(kind);
      rule.peer = at(params, parameter);
      rule.about = at(params, parameter.substr(0, parameter.rfind('.')) + ".Description");
    }
    rules.push_back(rule);
  }
  return rules;
}

}  // namespace

Reply<Answer> FakeAccount::query(const std::string& service, const std::string& action,
                                 Params params, Time deadline) {
  if (meanwhile) meanwhile(action);
  const std::lock_guard lock(mutex_);
  if (clock_.now() >= deadline) return {transient(ErrorCode::kProviderUnavailable, "too late"), {}};
  ++calls[action];
  ++number_;
  if (number_ == kill_at && !kill_after_effect) throw Killed();
  const Done done = service == "iam" ? iam(action, params) : ec2(action, params);
  if (number_ == kill_at) throw Killed();
  if (action == lose_answer_of) {
    lose_answer_of.clear();
    return {unknown_outcome(ErrorCode::kProviderUnavailable, "no answer"), {}};
  }
  if (!done.code.empty()) {
    const ApiError error{400, done.code, done.code + " in the fake account"};
    return {permanent(ErrorCode::kProviderRefused, error.message), error};
  }
  const auto answer = std::make_shared<pugi::xml_document>();
  const std::string body = service == "iam" ? element(action + "Result", done.xml) : done.xml;
  answer->load_string(element(action + "Response", body).c_str());
  return {Answer(answer), {}};
}

Reply<Json> FakeAccount::json(const std::string& /*service*/, const std::string& target,
                              const Json& /*body*/, Time /*deadline*/) {
  return {permanent(ErrorCode::kProviderRefused, "no " + target), {}};
}

std::string FakeAccount::next_id(const char* kind) {
  return std::string(kind) + "-" + std::to_string(++made_);
}

std::string FakeAccount::paged(const char* list, const char* item,
                               const std::vector<std::string>& items, const Params& params,
                               bool marker) const {
  const std::string mark = at(params, marker ? "Marker" : "NextToken");
  const std::size_t begin = mark.empty() ? 0 : std::stoul(mark);
  const std::size_t end = std::min(items.size(), begin + page);
  std::string xml;
  for (std::size_t n = begin; n < end; ++n)
    xml += element(item, items[n]);
  xml = element(list, xml);
  const bool more = end < items.size();
  if (marker) xml += leaf("IsTruncated", more ? "true" : "false");
  if (more) xml += leaf(marker ? "Marker" : "nextToken", std::to_string(end));
  return xml;
}

FakeAccount::Done FakeAccount::ec2(const std::string& action, const Params& params) {
  if (action.ends_with("KeyPair") || action.ends_with("KeyPairs")) return key_pairs(action, params);
  if (action.ends_with("Ingress")) return change_rules(action, params);
  if (action.find("SecurityGroup") != std::string::npos) return security_groups(action, params);
  if (action == "DescribeInstances") return described_instances(params);
  if (action == "DescribeVolumes") return described("volumeSet", "volumeId", volumes, params);
  if (action == "DescribeNetworkInterfaces")
    return described("networkInterfaceSet", "networkInterfaceId", interfaces, params);
  if (action == "TerminateInstances") {
    const auto found = instances.find(at(params, "InstanceId.1"));
    if (found == instances.end()) return {"", "InvalidInstanceID.NotFound"};
    found->second.state = "shutting-down";
    return {};
  }
  if (action == "DeleteVolume")
    return volumes.erase(at(params, "VolumeId")) > 0 ? Done{} : Done{"", "InvalidVolume.NotFound"};
  if (action == "DeleteNetworkInterface")
    return interfaces.erase(at(params, "NetworkInterfaceId")) > 0
               ? Done{}
               : Done{"", "InvalidNetworkInterfaceID.NotFound"};
  return {"", "InvalidAction"};
}

FakeAccount::Done FakeAccount::key_pairs(const std::string& action, const Params& params) {
  const std::string name = at(params, "KeyName");
  if (action == "ImportKeyPair") {
    if (keys.contains(name)) return {"", "InvalidKeyPair.Duplicate"};
    const auto material = from_base64(at(params, "PublicKeyMaterial"));
    if (!material || !material->starts_with("ssh-")) return {"", "InvalidKey.Format"};
    keys[name] = {next_id("key"), *material, tags_from(params, "TagSpecification.1.Tag.")};
    return {leaf("keyName", name) + leaf("keyPairId", keys[name].id), ""};
  }
  if (action == "DeleteKeyPair") {
    keys.erase(name);
    return {};
  }
  std::vector<std::string> items;
  for (const auto& [each, key] : keys) {
    if (!passes(params, {{"key-name", {each}}}, key.tags)) continue;
    std::string item = leaf("keyName", each) + leaf("keyPairId", key.id);
    if (at(params, "IncludePublicKey") == "true") item += leaf("publicKey", key.public_line + "\n");
    items.push_back(item + tags_xml("tagSet", "item", false, key.tags));
  }
  return {paged("keySet", "item", items, params, false), ""};
}

FakeAccount::Done FakeAccount::security_groups(const std::string& action, const Params& params) {
  if (action == "CreateSecurityGroup") {
    const std::string name = at(params, "GroupName");
    for (const auto& [id, group] : groups) {
      if (group.name == name && group.vpc == at(params, "VpcId"))
        return {"", "InvalidGroup.Duplicate"};
    }
    if (at(params, "GroupDescription").empty()) return {"", "MissingParameter"};
    const std::string id = next_id("sg");
    groups[id] = {name, at(params, "VpcId"), tags_from(params, "TagSpecification.1.Tag."), {}};
    return {leaf("groupId", id), ""};
  }
  if (action == "DeleteSecurityGroup") {
    const std::string id = at(params, "GroupId");
    if (!groups.contains(id)) return {"", "InvalidGroup.NotFound"};
    for (const auto& [instance, about] : instances) {
      if (about.state != "terminated" && about.groups.contains(id))
        return {"", "DependencyViolation"};
    }
    groups.erase(id);
    return {};
  }
  std::vector<std::string> items;
  for (const auto& [id, group] : groups) {
    if (!passes(params, {{"group-id", {id}}, {"group-name", {group.name}}, {"vpc-id", {group.vpc}}},
                group.tags))
      continue;
    std::string rules;
    for (const SecurityRule& rule : group.rules)
      rules += rule_xml(rule);
    items.push_back(leaf("groupId", id) + leaf("groupName", group.name) + leaf("vpcId", group.vpc) +
                    element("ipPermissions", rules) +
                    tags_xml("tagSet", "item", false, group.tags));
  }
  return {paged("securityGroupInfo", "item", items, params, false), ""};
}

FakeAccount::Done FakeAccount::change_rules(const std::string& action, const Params& params) {
  const auto group = groups.find(at(params, "GroupId"));
  if (group == groups.end()) return {"", "InvalidGroup.NotFound"};
  std::vector<SecurityRule>& rules = group->second.rules;
  const std::vector<SecurityRule> named = rules_from(params);
  const bool adds = action.starts_with("Authorize");
  for (const SecurityRule& rule : named) {
    const bool there = std::find(rules.begin(), rules.end(), rule) != rules.end();
    if (adds && there) return {"", "InvalidPermission.Duplicate"};
    if (!adds && !there) return {"", "InvalidPermission.NotFound"};
    if (rule.about != rule_description(rule.about)) return {"", "InvalidParameterValue"};
  }
  for (const SecurityRule& rule : named) {
    if (adds) {
      rules.push_back(rule);
    } else {
      rules.erase(std::find(rules.begin(), rules.end(), rule));
    }
  }
  return {leaf("return", "true"), ""};
}

FakeAccount::Done FakeAccount::described_instances(const Params& params) {
  std::vector<std::string> items;
  for (const auto& [id, about] : instances) {
    const Attributes attributes{{"instance-state-name", {about.state}},
                                {"key-name", {about.key}},
                                {"instance.group-id", about.groups},
                                {"iam-instance-profile.arn", {about.profile}}};
    if (!passes(params, attributes, about.tags)) continue;
    items.push_back(element(
        "instancesSet",
        element("item", leaf("instanceId", id) + tags_xml("tagSet", "item", false, about.tags))));
  }
  return {paged("reservationSet", "item", items, params, false), ""};
}

FakeAccount::Done FakeAccount::described(const char* list, const char* id_name,
                                         const std::map<std::string, Thing>& things,
                                         const Params& params) {
  std::vector<std::string> items;
  for (const auto& [id, thing] : things) {
    if (passes(params, {{"status", {thing.status}}}, thing.tags))
      items.push_back(leaf(id_name, id) + tags_xml("tagSet", "item", false, thing.tags));
  }
  return {paged(list, "item", items, params, false), ""};
}

FakeAccount::Done FakeAccount::iam(const std::string& action, const Params& params) {
  return action.find("InstanceProfile") != std::string::npos ? iam_profiles(action, params)
                                                             : iam_roles(action, params);
}

FakeAccount::Done FakeAccount::iam_roles(const std::string& action, const Params& params) {
  const std::string name = at(params, "RoleName");
  if (action == "CreateRole") {
    if (roles.contains(name)) return {"", "EntityAlreadyExists"};
    roles[name] = {at(params, "AssumeRolePolicyDocument"),
                   tags_from(params, "Tags.member."),
                   {},
                   {},
                   clock_.now() + iam_delay};
    return {};
  }
  if (action == "ListRoles") {
    std::vector<std::string> items;
    for (const auto& [each, role] : roles)
      items.push_back(leaf("RoleName", each));
    return {paged("Roles", "member", items, params, true), ""};
  }
  const auto found = roles.find(name);
  if (found == roles.end() || found->second.shown > clock_.now()) return {"", "NoSuchEntity"};
  Role& role = found->second;
  if (action == "GetRole") {
    return {element("Role", leaf("RoleName", name) + leaf("Arn", arn("role", name)) +
                                leaf("AssumeRolePolicyDocument", url_escaped(role.trust)) +
                                tags_xml("Tags", "member", true, role.tags)),
            ""};
  }
  if (action == "UpdateAssumeRolePolicy") {
    role.trust = at(params, "PolicyDocument");
    return {};
  }
  const std::string policy = at(params, "PolicyName");
  if (action == "PutRolePolicy") {
    role.policies[policy] = at(params, "PolicyDocument");
    return {};
  }
  if (action == "GetRolePolicy") {
    if (!role.policies.contains(policy)) return {"", "NoSuchEntity"};
    return {leaf("PolicyDocument", url_escaped(role.policies[policy])), ""};
  }
  if (action == "DeleteRolePolicy")
    return role.policies.erase(policy) > 0 ? Done{} : Done{"", "NoSuchEntity"};
  if (action == "DetachRolePolicy")
    return role.attached.erase(at(params, "PolicyArn")) > 0 ? Done{} : Done{"", "NoSuchEntity"};
  std::vector<std::string> items;
  if (action == "ListRolePolicies") {
    for (const auto& [each, document] : role.policies)
      items.push_back(escaped(each));
    return {paged("PolicyNames", "member", items, params, true), ""};
  }
  if (action == "ListAttachedRolePolicies") {
    for (const std::string& each : role.attached)
      items.push_back(leaf("PolicyArn", each));
    return {paged("AttachedPolicies", "member", items, params, true), ""};
  }
  if (action != "DeleteRole") return {"", "InvalidAction"};
  const bool in_profile = std::any_of(profiles.begin(), profiles.end(),
                                      [&](const auto& each) { return each.second.role == name; });
  if (in_profile || !role.policies.empty() || !role.attached.empty()) return {"", "DeleteConflict"};
  roles.erase(found);
  return {};
}

FakeAccount::Done FakeAccount::iam_profiles(const std::string& action, const Params& params) {
  const std::string name = at(params, "InstanceProfileName");
  const std::string role = at(params, "RoleName");
  std::vector<std::string> items;
  if (action == "CreateInstanceProfile") {
    if (profiles.contains(name)) return {"", "EntityAlreadyExists"};
    profiles[name] = {tags_from(params, "Tags.member."), "", clock_.now() + iam_delay, {}};
    return {};
  }
  if (action == "ListInstanceProfiles" || action == "ListInstanceProfilesForRole") {
    for (const auto& [each, profile] : profiles) {
      if (role.empty() || profile.role == role) items.push_back(leaf("InstanceProfileName", each));
    }
    return {paged("InstanceProfiles", "member", items, params, true), ""};
  }
  const auto found = profiles.find(name);
  if (found == profiles.end() || found->second.shown > clock_.now()) return {"", "NoSuchEntity"};
  Profile& profile = found->second;
  if (action == "GetInstanceProfile") {
    std::string held;
    if (!profile.role.empty() && profile.role_shown <= clock_.now())
      held = element("member", leaf("RoleName", profile.role));
    return {element("InstanceProfile", leaf("Arn", arn("instance-profile", name)) +
                                           element("Roles", held) +
                                           tags_xml("Tags", "member", true, profile.tags)),
            ""};
  }
  if (action == "AddRoleToInstanceProfile") {
    if (!roles.contains(role) || roles[role].shown > clock_.now()) return {"", "NoSuchEntity"};
    if (!profile.role.empty()) return {"", "LimitExceeded"};
    profile.role = role;
    profile.role_shown = clock_.now() + iam_delay;
    return {};
  }
  if (action == "RemoveRoleFromInstanceProfile") {
    if (profile.role != role) return {"", "NoSuchEntity"};
    profile.role.clear();
    return {};
  }
  if (action != "DeleteInstanceProfile") return {"", "InvalidAction"};
  if (!profile.role.empty()) return {"", "DeleteConflict"};
  profiles.erase(found);
  return {};
}

}  // namespace rayctl::aws
