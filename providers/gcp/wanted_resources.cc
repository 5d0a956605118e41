#include "providers/gcp/wanted_resources.h"

#include <algorithm>
#include <set>
#include <utility>

#include "providers/gcp/instances.h"
#include "providers/gcp/key_pair.h"
#include "providers/gcp/node_config.h"
#include "providers/gcp/resource_calls.h"
#include "providers/gcp/resource_url.h"

namespace rayctl::gcp {
namespace {

ResourceSpec spec(const Config& config, const char* name, std::string title, Json want) {
  ResourceSpec result;
  result.name = ResourceName{name};
  result.provider = config.provider;
  result.title = std::move(title);
  result.want = std::move(want);
  return result;
}

bool needs_firewall(const Config& config) {
  return std::any_of(config.node_types.begin(), config.node_types.end(), needs_network);
}

bool brings_account(const Json& node_config) {
  // Of a TPU's node it is one of the API's own kind.
  return says(node_config, "serviceAccounts") || says(node_config, "serviceAccount");
}

bool needs_account(const Config& config, const WantedFacts& facts) {
  const NodeTypeConfig* head = config.find(config.head_type);
  return facts.head_manages && head != nullptr && !brings_account(head->node_config);
}

bool flag(const Config& config, const char* key) {
  const auto found = config.provider_settings.find(key);
  return found != config.provider_settings.end() && *found == Json(true);
}

/// An image of the cluster's own project; other projects' are for those projects to open.
bool is_own_image(const std::string& image, const std::string& project) {
  return !image.empty() && part_after(image, "projects", project) == project;
}

void rights_of_disks(const Json& node_config, const std::string& project,
                     std::set<std::string>& rights) {
  for (const Json& disk : list_in(node_config, "disks")) {
    if (is_own_image(text_of(object_in(disk, "initializeParams"), "sourceImage"), project))
      rights.insert("compute.images.useReadOnly");
    if (says(object_in(disk, "initializeParams"), "sourceSnapshot"))
      rights.insert("compute.snapshots.useReadOnly");
    if (says(disk, "source")) rights.insert("compute.disks.use");
  }
}

void rights_of_interfaces(const Json& node_config, std::set<std::string>& rights) {
  for (const Json& interface : list_in(node_config, "networkInterfaces")) {
    if (says(interface, "network") && !says(interface, "subnetwork"))
      rights.insert("compute.networks.use");
    if (says(interface, "networkIP")) rights.insert("compute.addresses.useInternal");
    for (const Json& access : list_in(interface, "accessConfigs")) {
      if (says(access, "natIP")) rights.insert("compute.addresses.use");
    }
  }
}

std::set<std::string> rights_to_use(const Json& node_config, const std::string& project) {
  std::set<std::string> rights;
  rights_of_disks(node_config, project, rights);
  rights_of_interfaces(node_config, rights);
  if (says(node_config, "sourceMachineImage")) rights.insert("compute.machineImages.useReadOnly");
  if (says(node_config, "resourcePolicies")) rights.insert("compute.resourcePolicies.use");
  return rights;
}

Json bindings_json(const std::vector<WantedBinding>& bindings) {
  Json all = Json::array();
  for (const WantedBinding& each : bindings) {
    all.push_back(
        {{"role", each.role}, {"title", each.condition_title}, {"condition", each.condition}});
  }
  return all;
}

}  // namespace

bool needs_network(const NodeTypeConfig& type) {
  return !says(type.node_config, is_tpu(type.node_config) ? "networkConfig" : "networkInterfaces");
}

std::vector<std::string> accounts_in(const Json& node_config) {
  std::vector<std::string> emails;
  for (const Json& account : list_in(node_config, "serviceAccounts")) {
    if (std::string email = text_of(account, "email"); !email.empty())
      emails.push_back(std::move(email));
  }
  const std::string of_tpu = text_of(object_in(node_config, "serviceAccount"), "email");
  if (!of_tpu.empty()) emails.push_back(of_tpu);
  return emails;
}

std::vector<ResourceSpec> wanted_resources(const Config& config, const WantedFacts& facts) {
  std::vector<ResourceSpec> wanted;
  if (text_of(config.auth, "ssh_private_key").empty()) {
    const Json want{{"region", facts.place.region},
                    {"project", facts.place.project},
                    {"user", text_of(config.auth, "ssh_user")}};
    wanted.push_back(spec(config, kKeyPairResource, key_pair_name(want, 0), want));
  }
  const std::string base = base_name(config.cluster, {}, kLongestBase);
  if (needs_firewall(config)) {
    wanted.push_back(spec(config, kFirewallResource, base,
                          {{"ssh_cidr", facts.ssh_cidr}, {"ssh_port", config.rayctl.ssh.port}}));
  }
  if (needs_account(config, facts)) {
    const PolicyFacts policy = policy_facts(config, facts);
    wanted.push_back(spec(config, kServiceAccountResource, base,
                          {{"bindings", bindings_json(head_bindings(policy))},
                           {"accounts", policy.worker_accounts}}));
  }
  return wanted;
}

PolicyFacts policy_facts(const Config& config, const WantedFacts& facts) {
  PolicyFacts result;
  result.project = facts.place.project;
  result.cluster = config.cluster.text;
  result.head_manages = facts.head_manages;
  result.firewall = needs_firewall(config);
  result.service_account = needs_account(config, facts);
  result.external_addresses = !flag(config, "use_internal_ips");
  result.keeps_stopped = flag(config, "cache_stopped_nodes");
  std::set<std::string> heads, workers, templates;
  for (const NodeTypeConfig& type : config.node_types) {
    const bool head = type.name == config.head_type;
    for (const std::string& email : accounts_in(type.node_config)) {
      if (head) heads.insert(email);
      // Workers of the head's own type carry what it does.
      if (!head || type.max_workers > 0) workers.insert(email);
    }
    result.to_use.merge(rights_to_use(type.node_config, facts.place.project));
    if (const std::string name = instance_template_of(type.node_config); !name.empty())
      templates.insert(last_part(name));
    result.subnetworks = result.subnetworks || needs_network(type);
    result.tpu = result.tpu || is_tpu(type.node_config);
  }
  result.head_accounts.assign(heads.begin(), heads.end());
  result.worker_accounts.assign(workers.begin(), workers.end());
  result.templates.assign(templates.begin(), templates.end());
  return result;
}

}  // namespace rayctl::gcp
