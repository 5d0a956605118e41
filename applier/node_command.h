#pragma once
#include <optional>
#include <string>

#include "applier/run.h"

namespace rayctl {

/// How a detached operation on a node went, with what a person needs when it failed.
struct CommandResult {
  OpStatus status;
  Millis took{0};
  std::vector<std::string> tail;  ///< its last lines, redacted; only when it did not end with 0
};

/// Starts the operation (or finds it running, or done), passes its output to the observer under
/// `phase` and waits for its end, at most the options' command timeout, after which it is stopped
/// and reported as kRunning. One that died without an exit code (the node restarted) is started
/// once more. An Error of kUnknown leaves it running on the node.
Result<CommandResult> run_on_node(Run& run, const NodeAtWork& node, const OpToken& token,
                                  const Command& command, const char* phase);

/// The last lines of an operation's output; empty if they cannot be read.
std::vector<std::string> tail_of(Run& run, const NodeAtWork& node, const OpToken& token);

/// What a small file in the node's home holds, without white space at its ends; nullopt if it is
/// not there. `path` is relative to the home.
Result<std::optional<std::string>> read_small_file(World& world, CommandRunner& runner,
                                                   const std::string& path);

/// The operation that last started Ray (or the plain process) on a node; nullopt: none did. Kept on
/// the node itself, so that it is known without our records.
Result<std::optional<OpToken>> ray_op(World& world, CommandRunner& runner);
/// Where ray_op is kept, relative to the node's home.
inline constexpr char kRayOpFile[] = ".rayctl/ray_op";

}  // namespace rayctl
