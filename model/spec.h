#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/json.h"
#include "model/manifest.h"
#include "model/names.h"

namespace rayctl {

/// A mount with the digest of what it must hold.
struct FileMount {
  std::string remote;  ///< path on the node, may start with "~/"
  std::string local;   ///< path here
  Digest manifest;
  bool operator==(const FileMount&) const = default;
};

/// One digest per effect: which of them differs says what must be done to a node
/// (architecture.md, What a change does). Empty means "nothing of that kind".
struct SpecDigests {
  Digest launch;  ///< node_config, image, ssh key: replace
  Digest docker;  ///< recreate the container, set up, restart
  Digest files;   ///< contents of file_mounts: send, restart
  Digest setup;   ///< initialization and setup commands: set up, restart
  Digest start;   ///< start commands, resources, labels: restart
  Digest synced;  ///< cluster_synced_files: send, disturbs nobody
  bool operator==(const SpecDigests&) const = default;
};

/// What a digest was made of: field of the YAML -> digest of its value, so that a plan can name
/// the very field that changed ("node_config.InstanceType", "setup_commands", "file_mounts ~/app").
using FieldDigests = std::map<std::string, Digest>;

/// How Ray is started on a node.
struct RayStart {
  bool ray = true;                          ///< false: `command` is a plain process, not Ray
  std::vector<std::string> commands;        ///< shell lines (hosts and clouds); empty: composed
  std::vector<std::string> command;         ///< argv instead of `ray start` (provider process only)
  std::map<std::string, std::string> args;  ///< ray_start_args: "num-cpus" -> "2"; "" for a flag
  std::map<std::string, double> resources;
  std::map<std::string, std::string> labels;
  /// In `commands`, `--autoscaling-config` of the file became `--no-monitor`: rayctl.autoscaler.
  bool monitor_replaced = false;
  bool operator==(const RayStart&) const = default;
};

/// What is wanted of every node of one type. Digests, not fields, say whether a node is out of
/// date; the rest is what the applier needs to act. Holds no secret value.
struct NodeSpec {
  NodeTypeName type;
  ProviderName provider;
  bool head = false;
  Json launch = Json::object();  ///< resolved node_config, secrets as references
  Json docker = Json::object();
  std::vector<FileMount> file_mounts;  ///< sorted by remote path
  std::vector<std::string> synced_files;
  std::vector<std::string> initialization_commands;
  std::vector<std::string> setup_commands;
  RayStart start;
  SpecDigests digests;
  bool operator==(const NodeSpec&) const = default;
};

}  // namespace rayctl
