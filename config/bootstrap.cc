#include "config/bootstrap.h"

#include <algorithm>

#include "config/concat.h"
#include "config/secrets.h"
#include "model/json_number.h"

namespace rayctl {
namespace {

constexpr char kLocalType[] = "local.cluster.node";

class Bootstrap {
 public:
  Bootstrap(const Config& config, const std::string& key) : config_(config), sealer_(key) {}

  Json run() {
    Json all = {{"cluster_name", config_.cluster.text},
                {"max_workers", config_.max_workers},
                {"upscaling_speed", json_number(config_.upscaling_speed)},
                {"idle_timeout_minutes", json_number(config_.idle_timeout_minutes)},
                {"provider", provider()},
                {"auth", auth()},
                {"docker", docker()},
                {"file_mounts", mounts()},
                {"cluster_synced_files", config_.cluster_synced_files},
                {"file_mounts_sync_continuously", config_.file_mounts_sync_continuously},
                {"rsync_exclude", config_.rsync_exclude},
                {"rsync_filter", config_.rsync_filter},
                {"initialization_commands", sealer_.lines(config_.initialization_commands)},
                {"setup_commands", Json::array()},
                {"head_setup_commands",
                 sealer_.lines(both(config_.setup_commands, config_.head_setup_commands))},
                {"worker_setup_commands", sealer_.lines(worker_setup())},
                {"head_start_ray_commands", sealer_.lines(config_.head_start_ray_commands)},
                {"worker_start_ray_commands", sealer_.lines(config_.worker_start_ray_commands)},
                {"no_restart", false}};
    node_types(all);
    return all;
  }

 private:
  bool local() const { return config_.provider.text == "local"; }

  std::vector<std::string> worker_setup() const {
    return both(config_.setup_commands, config_.worker_setup_commands);
  }

  Json provider() {
    Json provider = sealer_.json(config_.provider_settings);
    provider["type"] = config_.provider.text;
    return provider;
  }

  /// The head reaches the workers by itself, with the key that lies on it.
  Json auth() const {
    Json auth = Json::object();
    if (config_.auth.contains("ssh_user")) auth["ssh_user"] = config_.auth["ssh_user"];
    if (config_.auth.contains("ssh_private_key")) auth["ssh_private_key"] = kBootstrapKey;
    return auth;
  }

  Json docker() {
    const auto names = [&](const char* key) { return !config_.docker.value(key, "").empty(); };
    if (!names("image") && !names("head_image") && !names("worker_image")) return Json::object();
    return sealer_.json(config_.docker);
  }

  Json mounts() const {
    Json mounts = Json::object();
    for (const FileMountConfig& mount : config_.file_mounts)
      mounts[mount.remote] = mount.remote;
    return mounts;
  }

  Json type_docker(const NodeTypeConfig& type) {
    Json own = Json::object();
    for (const char* key : {"pull_before_run", "worker_image", "worker_run_options"}) {
      const auto value = type.docker.find(key);
      if (value == type.docker.end()) continue;
      const auto shared = config_.docker.find(key);
      if (shared == config_.docker.end() || *shared != *value) own[key] = sealer_.json(*value, key);
    }
    return own;
  }

  /// `left` is how many workers the types before this one leave of max_workers: Ray refuses a file
  /// whose min_workers add up to more.
  Json node_type(const NodeTypeConfig& type, int& left) {
    const int least = type.name == config_.head_type ? 0 : std::clamp(type.min_workers, 0, left);
    left -= least;
    Json resources = Json::object();
    for (const auto& [name, amount] : type.resources)
      resources[name] = json_number(amount);
    Json json = {{"node_config", sealer_.json(type.node_config)},
                 {"resources", resources},
                 {"min_workers", least},
                 {"max_workers", type.max_workers}};
    if (!type.labels.empty()) json["labels"] = type.labels;
    if (type.initialization_commands != config_.initialization_commands) {
      json["initialization_commands"] = sealer_.lines(type.initialization_commands);
    }
    if (type.worker_setup_commands != worker_setup()) {
      json["worker_setup_commands"] = sealer_.lines(type.worker_setup_commands);
    }
    Json docker = type_docker(type);
    if (!docker.empty()) json["docker"] = std::move(docker);
    return json;
  }

  void node_types(Json& all) {
    Json types = Json::object();
    int left = std::max(config_.max_workers, 0);
    for (const NodeTypeConfig& type : config_.node_types) {
      if (local() && type.name == config_.head_type) continue;
      types[local() ? kLocalType : type.name.text] = node_type(type, left);
    }
    all["available_node_types"] = std::move(types);
    all["head_node_type"] = local() ? kLocalType : config_.head_type.text;
  }

  const Config& config_;
  Sealer sealer_;
};

}  // namespace

std::string bootstrap_config(const Config& config, const std::string& key) {
  return Bootstrap(config, key).run().dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace rayctl
