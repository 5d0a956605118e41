#include "config/build.h"

#include <algorithm>

#include "config/checks.h"
#include "config/keys.h"

namespace rayctl {
namespace {

std::string text_of(const Yaml& map, const std::string& key) {
  const Yaml* value = map.find(key);
  return value && value->is_string() ? value->scalar.get<std::string>() : std::string();
}

double number_of(const Yaml& map, const std::string& key, double otherwise) {
  const Yaml* value = map.find(key);
  return value && value->scalar.is_number() ? value->scalar.get<double>() : otherwise;
}

int whole_of(const Yaml& map, const std::string& key, int otherwise) {
  return static_cast<int>(number_of(map, key, otherwise));
}

bool flag_of(const Yaml& map, const std::string& key, bool otherwise) {
  const Yaml* value = map.find(key);
  return value && value->scalar.is_boolean() ? value->scalar.get<bool>() : otherwise;
}

std::vector<std::string> texts_of(const Yaml& map, const std::string& key) {
  std::vector<std::string> texts;
  if (const Yaml* value = map.find(key)) {
    for (const Yaml& item : value->items)
      texts.push_back(item.scalar.get<std::string>());
  }
  return texts;
}

Json json_of(const Yaml& map, const std::string& key) {
  const Yaml* value = map.find(key);
  return value && value->is_map() ? to_json(*value) : Json::object();
}

std::vector<std::string> both(std::vector<std::string> first,
                              const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

void add_places(const Yaml& value, const std::string& path, std::map<std::string, Source>& places) {
  auto below = [&](const std::string& name) { return path.empty() ? name : path + "." + name; };
  for (const Yaml::Entry& each : value.entries) {
    places[below(each.key)] = each.where;
    add_places(each.value, below(each.key), places);
  }
  for (std::size_t at = 0; at < value.items.size(); ++at) {
    places[below(std::to_string(at))] = value.items[at].where;
    add_places(value.items[at], below(std::to_string(at)), places);
  }
}

NodeTypeConfig build_type(const Yaml::Entry& entry, const Config& config) {
  const Yaml& from = entry.value;
  NodeTypeConfig type;
  type.name.text = entry.key;
  type.min_workers = whole_of(from, "min_workers", 0);
  type.max_workers = whole_of(from, "max_workers", 0);
  if (const Yaml* resources = from.find("resources")) {
    for (const Yaml::Entry& each : resources->entries)
      type.resources[each.key] = each.value.scalar.get<double>();
  }
  if (const Yaml* labels = from.find("labels")) {
    for (const Yaml::Entry& each : labels->entries)
      type.labels[each.key] = each.value.scalar.get<std::string>();
  }
  type.node_config = json_of(from, "node_config");
  type.docker = config.docker;
  type.docker.update(json_of(from, "docker"));
  type.initialization_commands = from.find("initialization_commands")
                                     ? texts_of(from, "initialization_commands")
                                     : config.initialization_commands;
  type.worker_setup_commands = from.find("worker_setup_commands")
                                   ? texts_of(from, "worker_setup_commands")
                                   : both(config.setup_commands, config.worker_setup_commands);
  const Yaml* idle = from.find("idle_timeout_s");
  if (idle && idle->scalar.is_number()) type.idle_timeout_s = idle->scalar.get<double>();
  type.priority = whole_of(from, "priority", 0);
  type.where = entry.where;
  return type;
}

SshKeys build_ssh(const Yaml& from) {
  SshKeys ssh;
  ssh.port = whole_of(from, "port", ssh.port);
  ssh.login_shell = flag_of(from, "login_shell", ssh.login_shell);
  ssh.connect_timeout_s = number_of(from, "connect_timeout_s", ssh.connect_timeout_s);
  ssh.keepalive_s = number_of(from, "keepalive_s", ssh.keepalive_s);
  ssh.jump_through_head = text_of(from, "jump") == "head";
  return ssh;
}

RayctlSettings build_settings(const Yaml& root) {
  RayctlSettings settings;
  const Yaml* provider = root.find("provider");
  const Yaml* from = root.find("rayctl");
  if (!from) from = provider->find("rayctl");
  if (!from) return settings;
  settings.max_unavailable = whole_of(*from, "max_unavailable", settings.max_unavailable);
  settings.wait_timeout_s = number_of(*from, "wait_timeout_s", settings.wait_timeout_s);
  settings.boot_timeout_s = number_of(*from, "boot_timeout_s", settings.boot_timeout_s);
  settings.drain_timeout_s = number_of(*from, "drain_timeout_s", settings.drain_timeout_s);
  settings.auth_token = flag_of(*from, "auth_token", settings.auth_token);
  settings.wait_for_workers = flag_of(*from, "wait_for_workers", settings.wait_for_workers);
  settings.ssh_cidr = texts_of(*from, "ssh_cidr");
  if (from->find("address_url")) settings.address_url = text_of(*from, "address_url");
  settings.spot_fallback = flag_of(*from, "spot_fallback", settings.spot_fallback);
  if (const Yaml* ssh = from->find("ssh")) settings.ssh = build_ssh(*ssh);
  if (const Yaml* hosts = from->find("hosts")) {
    for (const Yaml::Entry& host : hosts->entries) {
      settings.hosts[host.key] = {text_of(host.value, "ssh_user"),
                                  text_of(host.value, "ssh_private_key"),
                                  whole_of(host.value, "ssh_port", 0)};
    }
  }
  settings.autoscaler = autoscaler_kind(text_of(*from, "autoscaler")).value_or(settings.autoscaler);
  return settings;
}

}  // namespace

Config build_config(const Yaml& root, const Yaml& written, const Form& form,
                    const std::string& file, const ParseOptions& options) {
  Config config;
  config.file = file;
  config.older_form = form.older;
  config.cluster.text = text_of(root, "cluster_name");
  const Yaml& provider = *root.find("provider");
  config.provider.text = text_of(provider, "type");
  config.provider_settings = to_json(provider);
  config.provider_settings.erase("type");
  config.provider_settings.erase("rayctl");
  config.auth = json_of(root, "auth");
  config.docker = json_of(root, "docker");
  config.max_workers = whole_of(root, "max_workers", config.max_workers);
  config.upscaling_speed = number_of(root, "upscaling_speed", config.upscaling_speed);
  config.idle_timeout_minutes =
      number_of(root, "idle_timeout_minutes", config.idle_timeout_minutes);
  if (root.find("target_utilization_fraction")) {
    config.target_utilization_fraction = number_of(root, "target_utilization_fraction", 0.8);
  }
  if (form.older) {
    if (root.find("autoscaling_mode")) config.autoscaling_mode = text_of(root, "autoscaling_mode");
    config.initial_workers = whole_of(root, "initial_workers", 0);
  }
  config.head_type.text = text_of(root, "head_node_type");
  config.cluster_synced_files = texts_of(root, "cluster_synced_files");
  config.file_mounts_sync_continuously = flag_of(root, "file_mounts_sync_continuously", false);
  config.rsync_exclude = texts_of(root, "rsync_exclude");
  config.rsync_filter = texts_of(root, "rsync_filter");
  config.initialization_commands = texts_of(root, "initialization_commands");
  config.setup_commands = texts_of(root, "setup_commands");
  config.head_setup_commands = texts_of(root, "head_setup_commands");
  config.worker_setup_commands = texts_of(root, "worker_setup_commands");
  config.head_start_ray_commands = texts_of(root, "head_start_ray_commands");
  config.worker_start_ray_commands = texts_of(root, "worker_start_ray_commands");
  config.has_start_commands = form.has_start_commands;
  for (const Yaml::Entry& each : root.find("available_node_types")->entries) {
    config.node_types.push_back(build_type(each, config));
  }
  if (const Yaml* mounts = root.find("file_mounts")) {
    for (const Yaml::Entry& each : mounts->entries) {
      auto local = each.value.scalar.get<std::string>();
      config.file_mounts.push_back(
          {each.key, mount_source(local, file, options.home), each.where, local});
    }
  }
  config.rayctl = build_settings(root);
  add_places(written, "", config.where);
  return config;
}

}  // namespace rayctl
