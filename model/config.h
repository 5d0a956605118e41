#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/diagnostic.h"
#include "model/json.h"
#include "model/names.h"

namespace rayctl {

/// One entry of available_node_types, or what the older form's head_node / worker_nodes become
/// ("ray-legacy-head-node-type" / "ray-legacy-worker-node-type", as Ray names them).
struct NodeTypeConfig {
  NodeTypeName name;
  int min_workers = 0;
  int max_workers = 0;  ///< Ray's defaults applied (the cluster's max_workers; 0 for the head)
  std::map<std::string, double> resources;  ///< as written; empty lets the provider fill in
  std::map<std::string, std::string> labels;
  Json node_config = Json::object();  ///< passed through whole; secret:// references unresolved
  Json docker = Json::object();       ///< this type's docker section merged over the cluster's
  std::vector<std::string> initialization_commands;  ///< as this type's workers have them
  std::vector<std::string> worker_setup_commands;    ///< all of a worker's, setup_commands included
  std::optional<double> idle_timeout_s;
  int priority = 0;
  Source where;
  bool operator==(const NodeTypeConfig&) const = default;
};

struct FileMountConfig {
  std::string remote;  ///< as written, may start with "~"
  std::string local;   ///< absolute, "~" expanded, relative to the YAML's folder
  Source where;
  std::string written{};  ///< `local` as the file has it
  bool operator==(const FileMountConfig&) const = default;
};

/// How machines are reached over SSH, beside `auth`.
struct SshKeys {
  int port = 22;
  bool login_shell = true;
  double connect_timeout_s = 10;
  double keepalive_s = 15;
  bool jump_through_head = false;  ///< workers only
  bool operator==(const SshKeys&) const = default;
};

/// What is different on one private host; "" and 0: as on all.
struct HostLogin {
  std::string user;
  std::string private_key;  ///< as written, may start with "~"
  int port = 0;
  bool operator==(const HostLogin&) const = default;
};

/// Who adds and removes workers while the cluster runs.
enum class AutoscalerKind {
  kRayctl,    ///< rayctl's own; Ray's monitor stays off
  kRay,       ///< Ray's monitor, as the start commands say
  kNone,      ///< nobody
  kOperator,  ///< rayctl's own, on the machine that it is applied from
};

/// Our own keys: the map `rayctl:` at the top level, or `provider.rayctl`.
struct RayctlSettings {
  int max_unavailable = 1;      ///< workers replaced at a time
  double wait_timeout_s = 300;  ///< for a node to join Ray
  double boot_timeout_s = 300;  ///< for a machine that runs to answer over SSH
  double drain_timeout_s = 60;
  bool auth_token = true;  ///< Ray's token authentication for clusters we make
  bool wait_for_workers = true;
  SshKeys ssh;
  std::map<std::string, HostLogin> hosts;  ///< by address, as provider.head_ip and worker_ips say
  AutoscalerKind autoscaler = AutoscalerKind::kRayctl;
  std::vector<std::string> ssh_cidr;  ///< who may reach SSH of a cloud's machines; empty: we may
  /// What answers with this machine's address as the internet sees it; nullopt: the provider's
  /// own, "": nobody is asked.
  std::optional<std::string> address_url;
  bool spot_fallback = false;  ///< on demand, where there is no spot capacity
  bool operator==(const RayctlSettings&) const = default;
};

/// The YAML, validated, with Ray's defaults and inheritance applied. Every part knows its line
/// through `where`. Holds no resolved secret: `secret://` references stay references.
struct Config {
  std::string file;
  std::string text_digest;  ///< of the YAML's bytes, for saved plans
  bool older_form = false;  ///< head_node / worker_nodes
  ClusterName cluster;
  ProviderName provider;                    ///< provider.type
  Json provider_settings = Json::object();  ///< provider without type and rayctl
  Json auth = Json::object();
  Json docker = Json::object();
  int max_workers = 2;  ///< of the cluster, without the head
  double upscaling_speed = 1.0;
  double idle_timeout_minutes = 5;
  std::optional<double> target_utilization_fraction;
  std::optional<std::string> autoscaling_mode;
  int initial_workers = 0;
  NodeTypeName head_type;
  std::vector<NodeTypeConfig> node_types;  ///< in the file's order; the head's among them
  std::vector<FileMountConfig> file_mounts;
  std::vector<std::string> cluster_synced_files;
  bool file_mounts_sync_continuously = false;
  std::vector<std::string> rsync_exclude, rsync_filter;
  std::vector<std::string> initialization_commands, setup_commands, head_setup_commands,
      worker_setup_commands, head_start_ray_commands, worker_start_ray_commands;
  bool has_start_commands = false;  ///< the file itself had *_start_ray_commands
  RayctlSettings rayctl;
  std::map<std::string, Source> where;  ///< dotted path -> place, for later diagnostics

  const NodeTypeConfig* find(const NodeTypeName& name) const {
    for (const NodeTypeConfig& type : node_types) {
      if (type.name == name) return &type;
    }
    return nullptr;
  }
};

}  // namespace rayctl
