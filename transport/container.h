#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/json.h"
#include "transport/command_runner.h"

namespace rayctl {

/// A node's container, as the config's `docker` section wants it.
struct ContainerSpec {
  std::string program = "docker";  ///< or "podman"
  std::string image, name;
  bool pull = true;            ///< even if the machine has an image of that name
  std::string options;         ///< run_options, as shell text: Ray hands them to a shell
  bool detect_runtime = true;  ///< --runtime=nvidia on machines that have it
  bool size_shm = true;        ///< --shm-size after the machine's memory
  /// Given to the container by name alone (`-e NAME` in options): values that stay out of argv.
  std::map<std::string, std::string> env;
  /// What says whose it is and from which digest it was made: kLabelCluster, ...
  std::map<std::string, std::string> labels;
};

inline constexpr char kLabelCluster[] = "rayctl-cluster-id";
inline constexpr char kLabelNode[] = "rayctl-node";
inline constexpr char kLabelDigest[] = "rayctl-docker";

/// From NodeSpec::docker; nullopt if that names no image. Defaults are Ray's
/// (ray/autoscaler/_private/command_runner.py of 2.60). Without env and labels.
std::optional<ContainerSpec> container_spec(const Json& docker);

/// The --shm-size that Ray chooses from /proc/meminfo: 30 % of what is available and a tenth of
/// that more, at most 200 GB; nullopt if the text does not say.
std::optional<long long> shm_size(const std::string& meminfo);

enum class ContainerChange { kNone, kStarted, kMade };

/// Makes sure that the container is there, is made as the spec says (its image's id and its digest
/// label), and runs: pulled if asked for or missing, replaced if it differs, started if stopped.
/// Like Ray's: detached, on the machine's network, with a UTF-8 locale, `bash` in it. It outlives a
/// restart of the machine (stopped), and files come into it rather than beside it. Repeating it is
/// harmless. kContainerFailed with the program's own words; also if a container of that name
/// belongs to another cluster.
Result<ContainerChange> prepare_container(CommandRunner& machine, const ContainerSpec& spec,
                                          Time deadline, const OutputSink& sink = {});

/// Starts a container that is there; kContainerFailed, kPermanent if that fails.
Result<> start_container(CommandRunner& machine, const std::string& program,
                         const std::string& name, Time deadline);

/// Removes every container that carries these labels, of docker and of podman; `keep` stays.
Result<> remove_containers(CommandRunner& machine, const std::map<std::string, std::string>& labels,
                           const std::string& keep, Time deadline);

}  // namespace rayctl
