#pragma once
#include <map>
#include <memory>
#include <string>

#include "cli/overview.h"

namespace rayctl {

/// A node to run programs on, and what they need to find Ray there.
struct RemoteNode {
  CloudNode machine;
  std::unique_ptr<CommandRunner> runner;
  std::map<std::string, std::string> env;  ///< RAY_ADDRESS, RAY_AUTH_MODE, RAY_AUTH_TOKEN_PATH
};

/// Connects to the head, or to the node of that name. kNoSuchNode if it does not run.
Result<RemoteNode> reach_node(Cluster& cluster, const Looked& looked, const std::string& node);

/// The Python beside the `ray` that the cluster is started with; "python3" where that is not said.
std::string python_of(Cluster& cluster, const CloudNode& head);

/// Runs a command, handing its output through as it comes, and returns its exit status. In JSON
/// mode the output is kept and printed as {"exit_status", "stdout", "stderr"}.
Result<int> run_through(Session& session, RemoteNode& node, const Command& command);

}  // namespace rayctl
