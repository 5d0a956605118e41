#include "config/resolve.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "config/concat.h"
#include "config/digests.h"
#include "config/monitor_flag.h"
#include "config/secrets.h"

namespace rayctl {
namespace {

Millis to_patience(double seconds) {
  constexpr double kMost = 365.0 * 24 * 3600;
  return Millis{std::llround(std::clamp(seconds, 0.0, kMost) * 1000)};
}

/// How one option of `ray start` is written after `--name`; nothing if it is switched off.
std::optional<std::string> argument(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? std::optional<std::string>("") : std::nullopt;
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string option_name(std::string name) {
  while (name.starts_with('-'))
    name.erase(0, 1);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

/// The docker section as one node sees it: its own image and options, or nothing without an image.
Json docker_for(const Json& docker, bool head) {
  std::string image = docker.value(head ? "head_image" : "worker_image", "");
  if (image.empty()) image = docker.value("image", "");
  if (image.empty()) return Json::object();
  Json options = docker.value("run_options", Json::array());
  for (const Json& each :
       docker.value(head ? "head_run_options" : "worker_run_options", Json::array())) {
    options.push_back(each);
  }
  Json seen = docker;
  for (const char* key : {"head_image", "worker_image", "head_run_options", "worker_run_options"})
    seen.erase(key);
  seen["image"] = image;
  seen["run_options"] = options;
  return seen;
}

void turn_monitor_off(RayStart& start) {
  for (std::string& line : start.commands) {
    std::string without = without_monitor(line);
    start.monitor_replaced |= without != line;
    line = std::move(without);
  }
}

RayStart start_for(const NodeTypeConfig& type, const Config& config, bool head, Sealer& sealer) {
  RayStart start;
  start.resources = type.resources;
  start.labels = type.labels;
  if (config.provider.text != "process") {
    start.commands =
        sealer.lines(head ? config.head_start_ray_commands : config.worker_start_ray_commands);
    if (head && config.rayctl.autoscaler != AutoscalerKind::kRay) turn_monitor_off(start);
    return start;
  }
  Json args = type.node_config.value("ray_start_args", Json::object());
  for (const auto& [name, value] : args.items()) {
    if (auto text = argument(value)) start.args[option_name(name)] = sealer.text(name, *text);
  }
  auto command = type.node_config.find("command");
  if (command != type.node_config.end()) {
    start.ray = false;
    start.command = sealer.lines(command->get<std::vector<std::string>>());
  }
  return start;
}

NodeSpec spec_for(const NodeTypeConfig& type, const Config& config, const MountDigests& mounts,
                  Sealer& sealer) {
  NodeSpec spec;
  spec.type = type.name;
  spec.provider = config.provider;
  spec.head = type.name == config.head_type;
  spec.launch = sealer.json(type.node_config);
  // A head takes the cluster's docker section, a worker its type's.
  spec.docker = sealer.json(docker_for(spec.head ? config.docker : type.docker, spec.head));
  for (const FileMountConfig& mount : config.file_mounts) {
    auto digest = mounts.find(mount.remote);
    spec.file_mounts.push_back(
        {mount.remote, mount.local, digest == mounts.end() ? Digest{} : digest->second});
  }
  std::sort(spec.file_mounts.begin(), spec.file_mounts.end(),
            [](const FileMount& a, const FileMount& b) { return a.remote < b.remote; });
  spec.synced_files = spec.head ? std::vector<std::string>{} : config.cluster_synced_files;
  spec.initialization_commands =
      sealer.lines(spec.head ? config.initialization_commands : type.initialization_commands);
  spec.setup_commands =
      sealer.lines(spec.head ? both(config.setup_commands, config.head_setup_commands)
                             : type.worker_setup_commands);
  spec.start = start_for(type, config, spec.head, sealer);
  return spec;
}

/// Why this many, in the words of the file.
std::string reason(const NodeTypeConfig& type, const Config& config, int want, int total) {
  const std::string of = " of " + type.name.text + " is ";
  if (type.name == config.head_type)
    return want > 0 ? "a cluster has one head" : "the cluster is taken down";
  if (want == type.min_workers && want > 0) return "min_workers" + of + std::to_string(want);
  if (want == type.max_workers) return "max_workers" + of + std::to_string(want);
  if (want == 0) return "min_workers" + of + "0";
  if (config.initial_workers == want) return "initial_workers is " + std::to_string(want);
  if (total >= config.max_workers) return "max_workers is " + std::to_string(config.max_workers);
  return "between min_workers and max_workers of " + type.name.text;
}

Digest config_digest(const Desired& desired, const Config& config, Sealer& sealer) {
  Json specs = Json::object();
  for (const auto& [type, spec] : desired.specs) {
    const SpecDigests& d = spec.digests;
    specs[type.text] = {d.launch.text, d.docker.text, d.files.text,
                        d.setup.text,  d.start.text,  d.synced.text};
  }
  const RayctlSettings& s = config.rayctl;
  return digest_of(
      {{"cluster", config.cluster.text},
       {"provider", config.provider.text},
       {"settings", sealer.json(config.provider_settings)},
       {"auth", sealer.json(config.auth)},
       {"head", config.head_type.text},
       {"specs", specs},
       {"autoscaler", desired.autoscaler.text},
       {"sync", {config.file_mounts_sync_continuously, config.rsync_exclude, config.rsync_filter}},
       {"rayctl",
        {s.max_unavailable, s.wait_timeout_s, s.boot_timeout_s, s.drain_timeout_s, s.auth_token,
         s.wait_for_workers, static_cast<int>(s.autoscaler), s.ssh_cidr, s.spot_fallback}}});
}

}  // namespace

Scale default_scale(const Config& config, const std::map<NodeTypeName, int>& living) {
  Scale scale;
  long long total = 0;
  std::vector<const NodeTypeConfig*> workers;
  for (const NodeTypeConfig& type : config.node_types) {
    if (type.name != config.head_type) workers.push_back(&type);
  }
  for (const NodeTypeConfig* type : workers) {
    auto alive = living.find(type->name);
    int want = alive == living.end() ? 0 : alive->second;
    if (config.older_form) want = std::max(want, config.initial_workers);
    int most = std::max(type->max_workers, 0);
    want = std::clamp(want, std::clamp(type->min_workers, 0, most), most);
    scale.want[type->name] = want;
    total += want;
  }
  // Above the cluster's maximum the last types give way: first down to their minimum, then below
  // it.
  for (bool below_min : {false, true}) {
    for (auto type = workers.rbegin(); type != workers.rend(); ++type) {
      int& want = scale.want[(*type)->name];
      int floor = below_min ? 0 : std::min(want, std::max((*type)->min_workers, 0));
      auto fewer = static_cast<int>(
          std::clamp<long long>(total - std::max(config.max_workers, 0), 0, want - floor));
      want -= fewer;
      total -= fewer;
    }
  }
  return scale;
}

Desired resolve(const Config& config, const Scale& scale, const MountDigests& mounts,
                const std::string& key) {
  Desired desired;
  Sealer sealer(key);
  desired.cluster = config.cluster;
  desired.head_type = config.head_type;
  desired.release = scale.release;
  desired.if_idle = scale.if_idle;
  desired.max_unavailable = config.rayctl.max_unavailable;
  desired.drain_patience = to_patience(config.rayctl.drain_timeout_s);
  desired.files_beside_ray = config.file_mounts_sync_continuously;
  int total = 0;
  for (const auto& [type, count] : scale.want)
    total += count;
  for (const NodeTypeConfig& type : config.node_types) {
    NodeSpec spec = spec_for(type, config, mounts, sealer);
    add_digests(spec, type, config, desired.breakdown);
    auto asked = scale.want.find(type.name);
    int want =
        spec.head ? 1 : std::max(asked == scale.want.end() ? type.min_workers : asked->second, 0);
    desired.want[type.name] = want;
    desired.why[type.name] = reason(type, config, want, total);
    desired.specs[type.name] = std::move(spec);
  }
  desired.autoscaler = autoscaler_fields(config).close("autoscaler", desired.breakdown);
  desired.config = config_digest(desired, config, sealer);
  return desired;
}

Desired resolve_destroy(const Config& config, const MountDigests& mounts, const std::string& key,
                        bool workers_only, bool keep_min_workers,
                        const std::map<NodeTypeName, int>& living) {
  Scale scale;
  for (const NodeTypeConfig& type : config.node_types) {
    if (type.name == config.head_type) continue;
    auto alive = living.find(type.name);
    int have = alive == living.end() ? 0 : alive->second;
    scale.want[type.name] = keep_min_workers ? std::min(have, type.min_workers) : 0;
  }
  Desired desired = resolve(config, scale, mounts, key);
  desired.destroy = true;
  for (auto& [type, why] : desired.why)
    why = desired.want[type] > 0 ? "--keep-min-workers" : "the cluster is taken down";
  bool keep_head = workers_only || keep_min_workers;
  desired.want[config.head_type] = keep_head ? 1 : 0;
  desired.why[config.head_type] = workers_only ? "--workers-only"
                                  : keep_head  ? "--keep-min-workers"
                                               : "the cluster is taken down";
  return desired;
}

std::map<std::string, std::string> inline_secrets(const Config& config, const std::string& key) {
  Sealer sealer(key);
  for (const NodeTypeConfig& type : config.node_types)
    spec_for(type, config, {}, sealer);
  return sealer.sealed();
}

}  // namespace rayctl
