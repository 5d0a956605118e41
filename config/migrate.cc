#include <algorithm>
#include <cmath>

#include "config/config.h"
#include "config/emit.h"
#include "config/old_flags.h"

namespace rayctl {
namespace {

/// A number as the file would have it: 2, not 2.0.
Json number(double value) {
  auto whole = static_cast<long long>(value);
  return static_cast<double>(whole) == value ? Json(whole) : Json(value);
}

class Migration {
 public:
  explicit Migration(const Config& config) : config_(config) {}

  Migrated run() {
    counts();
    provider();
    node_types();
    files();
    commands();
    if (written("metadata")) drop("metadata", "nothing reads it; copy it over if you need it");
    return {emit_yaml(sections_), std::move(dropped_)};
  }

 private:
  bool written(const std::string& path) const { return config_.where.contains(path); }
  void put(const std::string& key, Json value) { sections_.emplace_back(key, std::move(value)); }
  void drop(const std::string& key, const std::string& why) {
    dropped_.push_back(key + ": " + why);
  }

  void counts() {
    put("cluster_name", config_.cluster.text);
    if (written("min_workers") && is_local())
      put("min_workers", config_.node_types.at(1).min_workers);
    put("max_workers", config_.max_workers);
    put("upscaling_speed", number(speed()));
    put("idle_timeout_minutes", number(config_.idle_timeout_minutes));
    if (config_.initial_workers > 0) {
      drop("initial_workers",
           "the newer form has no such count; raise min_workers of the node type to begin with " +
               std::to_string(config_.initial_workers));
    } else if (written("initial_workers")) {
      drop("initial_workers", "it is 0");
    }
  }

  /// As Ray replaces the older keys.
  double speed() {
    double speed = config_.upscaling_speed;
    bool own = written("upscaling_speed");
    if (!own && config_.autoscaling_mode == "aggressive") {
      speed = 99999;
    } else if (!own && config_.target_utilization_fraction) {
      speed = 1 / std::max(*config_.target_utilization_fraction, 0.001) - 1;
      speed = std::max(std::round(speed * 1000) / 1000, 0.0);
    }
    std::string now = "upscaling_speed, now " + number(speed).dump() + ", takes its place";
    if (config_.autoscaling_mode) drop("autoscaling_mode", now);
    if (config_.target_utilization_fraction) drop("target_utilization_fraction", now);
    return speed;
  }

  void provider() {
    Json provider = config_.provider_settings;
    provider["type"] = config_.provider.text;
    if (written("provider.rayctl")) provider["rayctl"] = settings();
    put("provider", provider);
    if (written("rayctl")) put("rayctl", settings());
    if (written("auth")) put("auth", config_.auth);
    if (!written("docker")) return;
    auto empty = [&](const char* key) { return config_.docker.value(key, "").empty(); };
    if (empty("image") && empty("head_image") && empty("worker_image")) {
      drop("docker", "it names no image, which means no container");
    } else {
      put("docker", config_.docker);
    }
  }

  Json settings() const {
    const RayctlSettings& from = config_.rayctl;
    const RayctlSettings usual;
    Json to = {{"max_unavailable", from.max_unavailable},
               {"wait_timeout_s", number(from.wait_timeout_s)},
               {"drain_timeout_s", number(from.drain_timeout_s)},
               {"auth_token", from.auth_token},
               {"wait_for_workers", from.wait_for_workers},
               {"autoscaler", to_text(from.autoscaler)}};
    if (from.boot_timeout_s != usual.boot_timeout_s) {
      to["boot_timeout_s"] = number(from.boot_timeout_s);
    }
    if (!from.ssh_cidr.empty()) to["ssh_cidr"] = from.ssh_cidr;
    if (from.address_url) to["address_url"] = *from.address_url;
    if (from.spot_fallback) to["spot_fallback"] = true;
    return to;
  }

  bool is_local() const { return config_.provider.text == "local"; }

  void node_types() {
    if (is_local()) return;
    Json types = Json::object();
    for (const NodeTypeConfig& type : config_.node_types) {
      Json resources = Json::object();
      for (const auto& [name, amount] : type.resources)
        resources[name] = number(amount);
      types[type.name.text] = {{"min_workers", type.min_workers},
                               {"max_workers", type.max_workers},
                               {"resources", resources},
                               {"node_config", type.node_config}};
    }
    put("available_node_types", types);
    put("head_node_type", config_.head_type.text);
  }

  void files() {
    Json mounts = Json::object();
    for (const FileMountConfig& mount : config_.file_mounts)
      mounts[mount.remote] = mount.local;
    if (!mounts.empty()) put("file_mounts", mounts);
    if (!config_.cluster_synced_files.empty())
      put("cluster_synced_files", config_.cluster_synced_files);
    if (config_.file_mounts_sync_continuously) put("file_mounts_sync_continuously", true);
    if (!config_.rsync_exclude.empty()) put("rsync_exclude", config_.rsync_exclude);
    if (!config_.rsync_filter.empty()) put("rsync_filter", config_.rsync_filter);
  }

  static std::vector<std::string> renamed(std::vector<std::string> lines) {
    for (std::string& line : lines)
      line = with_new_flags(line);
    return lines;
  }

  /// Those that the file has; the others stay with their defaults.
  void commands() {
    auto copy = [&](const char* key, const std::vector<std::string>& lines) {
      if (written(key)) put(key, lines);
    };
    copy("initialization_commands", config_.initialization_commands);
    copy("setup_commands", config_.setup_commands);
    copy("head_setup_commands", config_.head_setup_commands);
    copy("worker_setup_commands", config_.worker_setup_commands);
    copy("head_start_ray_commands", renamed(config_.head_start_ray_commands));
    copy("worker_start_ray_commands", renamed(config_.worker_start_ray_commands));
  }

  const Config& config_;
  Sections sections_;
  std::vector<std::string> dropped_;
};

}  // namespace

Result<Migrated> migrate_config(const Config& config) {
  if (!config.older_form)
    return permanent(ErrorCode::kUsage, config.file + " is in the newer form already");
  return Migration(config).run();
}

}  // namespace rayctl
