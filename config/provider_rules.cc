#include <filesystem>
#include <map>

#include "base/cidr.h"
#include "base/files.h"
#include "config/checks.h"
#include "config/defaults.h"

namespace rayctl {
namespace {

bool filled(const Yaml* value) {
  return value && !value->is_null() && !(value->is_map() && value->entries.empty()) &&
         !(value->is_list() && value->items.empty());
}

void check_process(const Yaml& root, Findings& findings) {
  for (const char* key : {"head_start_ray_commands", "worker_start_ray_commands"}) {
    const Yaml::Entry* each = root.entry(key);
    if (each && filled(&each->value)) {
      findings.error(
          each->where,
          "`" + std::string(key) + "` has no place with `type: process`: rayctl starts Ray itself",
          "give options of `ray start` as ray_start_args in node_config");
    }
  }
  const Yaml::Entry* docker = root.entry("docker");
  if (docker && filled(&docker->value)) {
    findings.error(
        docker->where,
        "`docker` has no place with `type: process`: its nodes are processes of this machine",
        "remove it");
  }
  const Yaml* types = root.find("available_node_types");
  if (!types) return;
  for (const Yaml::Entry& type : types->entries) {
    if (const Yaml::Entry* inner = type.value.entry("docker"); inner && filled(&inner->value)) {
      findings.error(
          inner->where,
          "`docker` has no place with `type: process`: its nodes are processes of this machine",
          "remove it");
    }
    const Yaml* config = type.value.find("node_config");
    const Yaml::Entry* command = config ? config->entry("command") : nullptr;
    if (!command) continue;
    if (command->value.is_list() && command->value.items.empty()) {
      findings.error(command->value.where, "`command` is empty",
                     "give the program and its arguments, or remove it");
    }
    if (const Yaml::Entry* args = config->entry("ray_start_args")) {
      findings.error(args->where,
                     "`ray_start_args` stands beside `command`, which runs in place of `ray start`",
                     "keep one of them");
    }
  }
}

void check_local(const Yaml& root, Findings& findings) {
  const Yaml* types = root.find("available_node_types");
  for (const char* key : {"head_node", "worker_nodes", "available_node_types"}) {
    const Yaml::Entry* each = root.entry(key);
    if (!each || !filled(&each->value)) continue;
    if (types && &each->value == types && types->find(kLocalWorkerType)) continue;
    findings.error(each->where, "`" + std::string(key) + "` has no place with `type: local`",
                   "remove it: provider.head_ip and provider.worker_ips name the machines");
  }
  const Yaml& provider = *root.find("provider");
  if (provider.find("coordinator_address")) {
    if (!root.find("max_workers")) {
      findings.error(provider.where, "`max_workers` is missing",
                     "with coordinator_address, say how many machines to use");
    }
    return;
  }
  for (const char* key : {"head_ip", "worker_ips"}) {
    if (!provider.find(key)) {
      findings.error(provider.where, "`" + std::string(key) + "` is missing in provider (local)",
                     "give head_ip and worker_ips, or a coordinator_address");
    }
  }
}

void check_external(const Yaml& root, Findings& findings) {
  const Yaml& provider = *root.find("provider");
  const Yaml* module = provider.find("module");
  const char* remedy = "name the class as Python does: `module: package.module.Class`";
  if (module == nullptr) {
    findings.error(provider.where, "`module` is missing in provider (external)", remedy);
  } else if (!module->is_string() ||
             module->scalar.get_ref<const std::string&>().find('.') == std::string::npos) {
    findings.error(module->where, "`module` is no name of a class in a module", remedy);
  }
}

/// The addresses of a list of machines, each with its place.
std::map<std::string, Source> addresses_of(const Yaml& provider, Findings& findings) {
  std::map<std::string, Source> seen;
  const auto add = [&](const Yaml& value) {
    if (!value.is_string()) return;
    const auto& address = value.scalar.get_ref<const std::string&>();
    if (address.empty() || address.find_first_of(" \t/@") != std::string::npos ||
        address.front() == '-') {
      findings.error(value.where, "`" + address + "` is no address of a machine",
                     "write an IP address or a host name; the user and the port have keys of their "
                     "own");
    } else if (!seen.emplace(address, value.where).second) {
      findings.error(value.where, "the machine `" + address + "` stands here twice",
                     "a machine is the head or one worker");
    }
  };
  if (const Yaml* head = provider.find("head_ip")) add(*head);
  if (const Yaml* workers = provider.find("worker_ips")) {
    for (const Yaml& each : workers->items)
      add(each);
  }
  return seen;
}

void check_hosts(const Yaml& root, bool local, Findings& findings) {
  const Yaml& provider = *root.find("provider");
  const std::map<std::string, Source> addresses =
      local ? addresses_of(provider, findings) : std::map<std::string, Source>();
  const Yaml* ours = root.find("rayctl");
  if (ours == nullptr) ours = provider.find("rayctl");
  const Yaml::Entry* hosts = ours == nullptr ? nullptr : ours->entry("hosts");
  if (hosts == nullptr) return;
  if (!local) {
    findings.error(hosts->where, "`hosts` of rayctl has no place without `type: local`",
                   "remove it");
    return;
  }
  for (const Yaml::Entry& host : hosts->value.entries) {
    if (addresses.contains(host.key)) continue;
    findings.error(host.where, "`" + host.key + "` is none of the cluster's machines",
                   "name one of provider.head_ip and provider.worker_ips");
  }
}

void check_cidrs(const Yaml& root, Findings& findings) {
  const Yaml* ours = root.find("rayctl");
  if (ours == nullptr) ours = root.find("provider")->find("rayctl");
  const Yaml* list = ours == nullptr ? nullptr : ours->find("ssh_cidr");
  if (list == nullptr) return;
  for (const Yaml& item : list->items) {
    if (!item.is_string() || is_cidr(item.scalar.get<std::string>())) continue;
    findings.error(item.where,
                   "`" + item.scalar.get<std::string>() + "` is no address and no block of them",
                   "write it as 203.0.113.7/32 or 203.0.113.0/24");
  }
}

}  // namespace

void check_provider_rules(const Yaml& root, const std::string& provider, Findings& findings) {
  if (provider == "process") check_process(root, findings);
  if (provider == "local") check_local(root, findings);
  if (provider == "external") check_external(root, findings);
  check_hosts(root, provider == "local", findings);
  check_cidrs(root, findings);
}

std::string mount_source(const std::string& local, const std::string& file,
                         const std::string& home) {
  namespace fs = std::filesystem;
  fs::path path = expand_home(local, home);
  std::error_code ignored;
  if (path.is_relative()) path = fs::absolute(fs::path(file), ignored).parent_path() / path;
  std::string text = path.lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/'))
    text.pop_back();
  return text;
}

void check_mounts(const Yaml& root, const std::string& provider, const std::string& file,
                  const ParseOptions& options, Findings& findings) {
  const Yaml* mounts = root.find("file_mounts");
  if (!mounts || !mounts->is_map()) return;
  for (const Yaml::Entry& each : mounts->entries) {
    bool climbs = false;
    for (const auto& part : std::filesystem::path(each.key))
      climbs = climbs || part == "..";
    bool below_home = each.key.starts_with("~/") && each.key.size() > 2 && !climbs;
    if (provider == "process" && !below_home) {
      findings.error(each.where, "the file mount `" + each.key + "` lies outside the node's home",
                     "with `type: process` it must begin with ~/");
    } else if (!each.key.starts_with("~/") && !each.key.starts_with("/")) {
      findings.error(each.where,
                     "the file mount `" + each.key + "` is no absolute path on the node",
                     "begin it with / or ~/");
    }
    if (!options.check_mounts || !each.value.is_string()) continue;
    const auto& local = each.value.scalar.get_ref<const std::string&>();
    std::string source = mount_source(local, file, options.home);
    std::error_code problem;
    if (local.empty() || !std::filesystem::exists(source, problem)) {
      findings.error(each.value.where, "the file mount's source `" + local + "` is not there",
                     "looked for " + source);
    }
  }
}

}  // namespace rayctl
