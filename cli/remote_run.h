#pragma once
#include <string>
#include <vector>

#include "cli/remote.h"

namespace rayctl {

/// Runs a command on a node, handing its output through as it comes, and returns its exit status.
/// In JSON mode the output is kept and printed as {"exit_status", "stdout", "stderr"}. The first
/// SIGINT or SIGTERM is sent on to the command, and the result is then 130 or 143.
Result<int> run_through(Session& session, const RemoteNode& node, const Command& command);

/// The same, but the command outlives the connection: it runs detached on the node, and when the
/// connection drops it is looked for again until `patience` has passed. Both its outputs come on
/// standard output, up to a second late. The first signal ends it. kUnknown, with what to do, if
/// how it ended cannot be said.
Result<int> run_detached(Session& session, const RemoteNode& node, const Command& command,
                         Millis patience);

/// Runs a command on several nodes at once. Every line of output begins with the node's name; in
/// JSON mode it is {"exit_status", "nodes": [{"name", "exit_status", "stdout", "stderr",
/// "error"}]}. The result is the greatest exit status, 255 for a node that could not be reached.
struct NodeCommand {
  RemoteNode node;
  Command command;
};
Result<int> run_on_all(Session& session, const std::vector<NodeCommand>& commands);

}  // namespace rayctl
