#include "providers/aws/wanted_resources.h"

#include <algorithm>
#include <set>
#include <utility>

#include "providers/aws/iam.h"
#include "providers/aws/key_pair.h"

namespace rayctl::aws {
namespace {

bool given(const Json& map, const char* key) {
  const auto found = map.find(key);
  if (found == map.end() || found->is_null()) return false;
  return !(found->is_string() || found->is_array() || found->is_object()) || !found->empty();
}

/// A type's node_config over what its launch template gives, as Ray merges them.
Json merged(const NodeTypeConfig& type, const WantedFacts& facts) {
  const auto found = facts.templates.find(type.name);
  Json all = found == facts.templates.end() ? Json::object() : found->second;
  if (type.node_config.is_object()) all.update(type.node_config);
  return all;
}

bool unknown_template(const NodeTypeConfig& type, const WantedFacts& facts) {
  return given(type.node_config, "LaunchTemplate") && !facts.templates.contains(type.name);
}

/// Every interface has groups; false if there is none.
bool interfaces_have_groups(const Json& node_config) {
  if (!given(node_config, "NetworkInterfaces")) return false;
  const Json& all = node_config["NetworkInterfaces"];
  return std::all_of(all.begin(), all.end(), [](const Json& each) {
    return given(each, "Groups") || given(each, "NetworkInterfaceId");
  });
}

bool brings_groups(const Json& node_config) {
  return given(node_config, "SecurityGroupIds") || given(node_config, "SecurityGroups") ||
         interfaces_have_groups(node_config);
}

std::set<std::string> groups_in(const Json& node_config) {
  std::set<std::string> groups;
  const auto add = [&](const Json& map, const char* key) {
    if (!given(map, key) || !map[key].is_array()) return;
    for (const Json& id : map[key]) {
      if (id.is_string()) groups.insert(id.get<std::string>());
    }
  };
  add(node_config, "SecurityGroupIds");
  if (given(node_config, "NetworkInterfaces")) {
    for (const Json& each : node_config["NetworkInterfaces"])
      add(each, "Groups");
  }
  return groups;
}

ResourceSpec spec(const Config& config, const char* name, std::string title, Json want) {
  ResourceSpec result;
  result.name = ResourceName{name};
  result.provider = config.provider;
  result.title = std::move(title);
  result.want = std::move(want);
  return result;
}

Json section(const Config& config, const char* name) {
  const auto found = config.provider_settings.find(name);
  return found != config.provider_settings.end() && found->is_object() ? *found : Json::object();
}

std::string key_name(const Config& config) {
  const Json pair = section(config, "key_pair");
  return given(pair, "key_name") && pair["key_name"].is_string()
             ? pair["key_name"].get<std::string>()
             : "";
}

bool needs_key_pair(const Config& config, const WantedFacts& facts) {
  if (given(config.auth, "ssh_private_key")) return false;
  return std::any_of(
      config.node_types.begin(), config.node_types.end(),
      [&](const NodeTypeConfig& type) { return !given(merged(type, facts), "KeyName"); });
}

bool needs_groups(const NodeTypeConfig& type, const WantedFacts& facts) {
  return !unknown_template(type, facts) && !brings_groups(merged(type, facts));
}

bool needs_security_group(const Config& config, const WantedFacts& facts) {
  return std::any_of(config.node_types.begin(), config.node_types.end(),
                     [&](const NodeTypeConfig& type) { return needs_groups(type, facts); });
}

bool needs_profile(const Config& config, const WantedFacts& facts) {
  const NodeTypeConfig* head = config.find(config.head_type);
  return facts.head_manages && head != nullptr && !unknown_template(*head, facts) &&
         !given(merged(*head, facts), "IamInstanceProfile");
}

ResourceSpec security_group(const Config& config, const WantedFacts& facts) {
  const Json settings = section(config, "security_group");
  const std::string title = given(settings, "GroupName") ? settings.value("GroupName", "")
                                                         : "ray-autoscaler-" + config.cluster.text;
  std::set<std::string> peers;
  for (const NodeTypeConfig& type : config.node_types)
    peers.merge(groups_in(merged(type, facts)));
  return spec(config, kSecurityGroupResource, title,
              {{"group_name", title},
               {"permissions", settings.value("IpPermissions", Json::array())},
               {"ssh_cidr", facts.ssh_cidr},
               {"ssh_port", config.rayctl.ssh.port},
               {"peers", peers}});
}

/// What an IamInstanceProfile names: a role of the same name, as AWS's console makes them.
std::string role_of(const Json& node_config) {
  if (!given(node_config, "IamInstanceProfile")) return "";
  const Json& profile = node_config["IamInstanceProfile"];
  if (!profile.is_object()) return "";
  if (given(profile, "Name")) return profile.value("Name", "");
  std::string arn = profile.value("Arn", "");
  const std::string kind = ":instance-profile/";
  const std::size_t at = arn.find(kind);
  if (at == std::string::npos) return arn;
  return arn.replace(at, kind.size(), ":role/");
}

bool mentions(const Json& node_config, const char* key, std::string_view word) {
  return given(node_config, key) && node_config[key].dump().find(word) != std::string::npos;
}

}  // namespace

std::vector<ResourceSpec> wanted_resources(const Config& config, const WantedFacts& facts) {
  std::vector<ResourceSpec> wanted;
  if (needs_key_pair(config, facts)) {
    const std::string name = key_name(config);
    wanted.push_back(spec(config, kKeyPairResource, key_pair_name(facts.region, name, 0),
                          {{"region", facts.region}, {"key_name", name}}));
  }
  if (needs_security_group(config, facts)) wanted.push_back(security_group(config, facts));
  if (needs_profile(config, facts)) {
    const std::string name = iam_name(config.cluster.text, facts.region);
    wanted.push_back(spec(config, kRoleResource, name,
                          {{"role_name", name},
                           {"region", facts.region},
                           {"trust", machine_trust_policy(facts.region)},
                           {"policy", head_policy(policy_facts(config, facts))}}));
    wanted.push_back(spec(config, kInstanceProfileResource, name,
                          {{"profile_name", name}, {"role_name", name}, {"region", facts.region}}));
    wanted.back().needs = {ResourceName{kRoleResource}};
  }
  return wanted;
}

PolicyFacts policy_facts(const Config& config, const WantedFacts& facts) {
  PolicyFacts result;
  result.region = facts.region;
  result.cluster = config.cluster.text;
  result.head_manages = facts.head_manages;
  if (needs_key_pair(config, facts)) {
    const std::string name = key_name(config);
    result.key_pair = name.empty() ? "ray-autoscaler_*" + facts.region : name + "*";
  }
  result.security_group = needs_security_group(config, facts);
  if (needs_profile(config, facts)) result.role = iam_name(config.cluster.text, facts.region);
  std::set<std::string> heads, workers;
  for (const NodeTypeConfig& type : config.node_types) {
    const Json all = merged(type, facts);
    const bool head = type.name == config.head_type;
    if (const std::string role = role_of(all); !role.empty()) (head ? heads : workers).insert(role);
    // Workers of the head's own type have its profile.
    if (head && type.max_workers > 0 && !role_of(all).empty()) workers.insert(role_of(all));
    result.latest_image = result.latest_image || !given(all, "ImageId") ||
                          mentions(all, "ImageId", "latest_dlami") ||
                          mentions(all, "ImageId", "ssm:");
    result.spot = result.spot || mentions(all, "InstanceMarketOptions", "spot");
    result.launch_templates = result.launch_templates || given(all, "LaunchTemplate");
  }
  for (const std::string& role : workers)
    heads.erase(role);
  result.head_roles.assign(heads.begin(), heads.end());
  result.worker_roles.assign(workers.begin(), workers.end());
  // Ray's default is true.
  const auto cache = config.provider_settings.find("cache_stopped_nodes");
  result.keeps_stopped = cache == config.provider_settings.end() || *cache != Json(false);
  return result;
}

Json completed_node_config(const Json& node_config, bool head, const KnownIds& ids) {
  Json result = node_config.is_object() ? node_config : Json::object();
  if (!given(result, "KeyName") && !ids.key_name.empty()) result["KeyName"] = ids.key_name;
  if (!ids.security_group.empty() && !brings_groups(result)) {
    if (given(result, "NetworkInterfaces")) {
      for (Json& each : result["NetworkInterfaces"]) {
        if (!given(each, "Groups") && !given(each, "NetworkInterfaceId"))
          each["Groups"] = Json::array({ids.security_group});
      }
    } else {
      result["SecurityGroupIds"] = Json::array({ids.security_group});
    }
  }
  if (head && !given(result, "IamInstanceProfile") && !ids.instance_profile_arn.empty())
    result["IamInstanceProfile"] = {{"Arn", ids.instance_profile_arn}};
  return result;
}

}  // namespace rayctl::aws
