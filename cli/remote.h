#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/overview.h"

namespace rayctl {

/// State and world without asking Ray: for verbs that work on machines. Needs no record of the
/// cluster.
Result<Looked> look_at_machines(Session& session, Cluster& cluster);

/// Where on a node a command runs (`--run-env`, Ray's words). kDocker is kAuto: inside the node's
/// container if it has one.
enum class RunEnv { kAuto, kHost, kDocker };
/// kUsage for any other word than "auto", "host" and "docker".
Result<RunEnv> parse_run_env(const std::string& word);

/// A node to run programs on, and what they need to find Ray there.
struct RemoteNode {
  NodeName name;
  CloudNode machine;
  std::unique_ptr<CommandRunner> runner;
  std::map<std::string, std::string> env;  ///< RAY_ADDRESS
  ShellKind shell = ShellKind::kBash;      ///< of its users' lines
};

/// A running machine of ours and the name that it goes by ("" if it has none yet).
struct NamedMachine {
  NodeName name;
  NodeTypeName type;
  CloudNode machine;
};
/// All of them, the head first, then by name. Pure.
std::vector<NamedMachine> running_machines(const Looked& looked);

/// The address that people use, by Ray's rule: the outer one unless provider.use_internal_ips says
/// otherwise or there is none.
const std::string& address_of(const Config& config, const CloudNode& machine);

/// The head ("") or the node that goes by a name, an address or a provider's id; kNoSuchNode if it
/// does not run, the provider's own error if it cannot be listed.
Result<NamedMachine> choose_machine(Cluster& cluster, const Looked& looked,
                                    const std::string& node);

/// A way to run programs on it. Connects when the first one is run.
Result<RemoteNode> reach_machine(Cluster& cluster, const Looked& looked, const NamedMachine& node,
                                 RunEnv where);

/// A line for the node's shell, in which `conda activate` and the user's aliases work where it is a
/// login shell, or a program and its arguments, in the environment in which Ray's own client
/// finds the cluster: RAY_ADDRESS, and the cluster's token where the node has one.
Command line_on_node(const RemoteNode& node, const std::string& line);
Command program_on_node(const RemoteNode& node, const std::vector<std::string>& words);

/// The argv that runs a Python script with the Python that belongs to the cluster's Ray: the one
/// beside `ray`, else `python` as a login finds it, else python3.
std::vector<std::string> python_argv(Cluster& cluster, const CloudNode& head);

/// Ray's temporary folder on the head: where its sessions and logs are.
std::string ray_temp_dir(Cluster& cluster, const CloudNode& head);

}  // namespace rayctl
