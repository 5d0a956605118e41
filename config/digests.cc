#include "config/digests.h"

#include <array>

#include "base/digest.h"

namespace rayctl {
namespace {

/// Keys of a process node's node_config that say how Ray is started, not what the machine is.
constexpr std::array<const char*, 3> kStartKeys = {"ray_start_args", "command", "env"};

bool over_ssh(const ProviderName& provider) {
  return provider.text == "aws" || provider.text == "gcp" || provider.text == "azure" ||
         provider.text == "aliyun" || provider.text == "vsphere" || provider.text == "external";
}

Digest launch_digest(const NodeSpec& spec, const Config& config,
                     std::map<Digest, FieldDigests>& breakdown) {
  Fields fields;
  Json machine = spec.launch;
  if (spec.provider.text == "process") {
    for (const char* key : kStartKeys)
      machine.erase(key);
  }
  fields.add("node type", Json(spec.type.text));
  fields.add_keys("node_config.", machine);
  for (const char* key : {"ssh_private_key", "ssh_public_key"}) {
    if (over_ssh(spec.provider) && config.auth.contains(key))
      fields.add("auth." + std::string(key), config.auth[key]);
  }
  return fields.close("launch", breakdown);
}

Digest setup_digest(const NodeSpec& spec, const NodeTypeConfig& type, const Config& config,
                    std::map<Digest, FieldDigests>& breakdown) {
  Fields fields;
  auto add = [&](const std::string& name, const std::vector<std::string>& commands) {
    if (!commands.empty()) fields.add(name, Json(commands));
  };
  bool own_init = !spec.head && type.initialization_commands != config.initialization_commands;
  add(own_init ? "initialization_commands of " + type.name.text : "initialization_commands",
      spec.initialization_commands);
  std::vector<std::string> inherited = config.setup_commands;
  const auto& extra = spec.head ? config.head_setup_commands : config.worker_setup_commands;
  inherited.insert(inherited.end(), extra.begin(), extra.end());
  if (!spec.head && type.worker_setup_commands != inherited) {
    add("worker_setup_commands of " + type.name.text, spec.setup_commands);
  } else {
    auto split =
        spec.setup_commands.begin() + static_cast<std::ptrdiff_t>(config.setup_commands.size());
    add("setup_commands", {spec.setup_commands.begin(), split});
    add(spec.head ? "head_setup_commands" : "worker_setup_commands",
        {split, spec.setup_commands.end()});
  }
  return fields.close("setup", breakdown);
}

Digest start_digest(const NodeSpec& spec, const Config& config,
                    std::map<Digest, FieldDigests>& breakdown) {
  Fields fields;
  const RayStart& start = spec.start;
  fields.add("resources", Json(start.resources));
  fields.add("labels", Json(start.labels));
  if (!start.commands.empty()) {
    fields.add(spec.head ? "head_start_ray_commands" : "worker_start_ray_commands",
               Json(start.commands));
  }
  for (const auto& [name, value] : start.args)
    fields.add("ray_start_args." + name, Json(value));
  if (!start.ray) fields.add("command", Json(start.command));
  if (spec.provider.text == "process") {
    auto env = spec.launch.find("env");
    if (env != spec.launch.end()) fields.add_keys("env.", *env);
    auto ray = config.provider_settings.find("ray");
    if (ray != config.provider_settings.end()) fields.add("provider.ray", *ray);
  }
  return fields.close("start", breakdown);
}

}  // namespace

std::string mount_field(const std::string& remote) {
  return "file_mounts " + remote;
}

Digest digest_of(const Json& value) {
  return {short_digest(value.dump(-1, ' ', true, Json::error_handler_t::replace))};
}

void Fields::add(const std::string& name, const Json& value) {
  fields_[name] = digest_of(value);
}

void Fields::add_keys(const std::string& prefix, const Json& map) {
  if (!map.is_object()) return;
  for (const auto& [key, value] : map.items())
    add(prefix + key, value);
}

Digest Fields::close(std::string_view effect, std::map<Digest, FieldDigests>& breakdown) const {
  if (fields_.empty()) return {};
  Json all = {{"effect", effect}, {"fields", Json::object()}};
  for (const auto& [name, digest] : fields_)
    all["fields"][name] = digest.text;
  Digest digest = digest_of(all);
  breakdown[digest] = fields_;
  return digest;
}

Fields autoscaler_fields(const Config& config) {
  Fields fields;
  fields.add("max_workers", Json(config.max_workers));
  fields.add("upscaling_speed", Json(config.upscaling_speed));
  fields.add("idle_timeout_minutes", Json(config.idle_timeout_minutes));
  if (config.target_utilization_fraction) {
    fields.add("target_utilization_fraction", Json(*config.target_utilization_fraction));
  }
  if (config.autoscaling_mode) fields.add("autoscaling_mode", Json(*config.autoscaling_mode));
  if (config.initial_workers > 0) fields.add("initial_workers", Json(config.initial_workers));
  for (const NodeTypeConfig& type : config.node_types) {
    const std::string of = " of " + type.name.text;
    if (type.name == config.head_type) continue;
    fields.add("min_workers" + of, Json(type.min_workers));
    fields.add("max_workers" + of, Json(type.max_workers));
    if (type.idle_timeout_s) fields.add("idle_timeout_s" + of, Json(*type.idle_timeout_s));
    if (type.priority != 0) fields.add("priority" + of, Json(type.priority));
  }
  return fields;
}

void add_digests(NodeSpec& spec, const NodeTypeConfig& type, const Config& config,
                 std::map<Digest, FieldDigests>& breakdown) {
  spec.digests.launch = launch_digest(spec, config, breakdown);
  spec.digests.setup = setup_digest(spec, type, config, breakdown);
  spec.digests.start = start_digest(spec, config, breakdown);
  Fields docker, files, synced;
  docker.add_keys("docker.", spec.docker);
  for (const FileMount& mount : spec.file_mounts)
    files.add(mount_field(mount.remote), mount.manifest);
  if (!spec.synced_files.empty()) synced.add("cluster_synced_files", Json(spec.synced_files));
  spec.digests.docker = docker.close("docker", breakdown);
  spec.digests.files = files.close("files", breakdown);
  spec.digests.synced = synced.close("synced", breakdown);
}

}  // namespace rayctl
