#pragma once
#include <cstdint>
#include <string>

#include "model/names.h"
#include "transport/command_runner.h"

namespace rayctl {

/// A command that runs detached on a node, under ~/.rayctl/ops/<token>/ with its pid, boot id,
/// start time, output and exit code (architecture.md, Never lose a machine, 6). Starting the same
/// token again while it runs, or after it ended well, starts nothing: so it happens once per change
/// while the node stays up. Works on any node with a POSIX sh.
struct OpStatus {
  enum class State {
    kAbsent,  ///< never started here
    kRunning,
    kDone,  ///< ended; exit_code says how
    kDead,  ///< started and provably gone without an exit code (killed, or the node rebooted)
  };
  State state = State::kAbsent;
  int exit_code = 0;
  std::int64_t pid = 0;  ///< leader of the operation's process group
  /// kDone: something that it started lives on (a daemon that did not leave its process group).
  bool leaves = false;
  bool operator==(const OpStatus&) const = default;
};

/// Starts it unless it runs or ended with 0; a failed or dead one is started anew.
Result<OpStatus> start_op(CommandRunner& runner, const OpToken& token, const Command& command,
                          Time deadline);
Result<OpStatus> op_status(CommandRunner& runner, const OpToken& token, Time deadline);
/// Waits until it is no longer running or the deadline passes (then kRunning), feeding new output
/// to `sink`.
Result<OpStatus> wait_op(CommandRunner& runner, const OpToken& token, Clock& clock, Time deadline,
                         const std::stop_token& stop, const OutputSink& sink = {});
/// The last `bytes` of its output (stdout and stderr together).
Result<std::string> op_output(CommandRunner& runner, const OpToken& token, std::size_t bytes,
                              Time deadline);
/// SIGTERM to the program and, once that has ended, to what is left of its process group; SIGKILL
/// to all of it after `grace`. Not to the group at once: `ray start --block` of a head needs GCS,
/// its own child, to end in order (33 s instead of 5). Succeeds when nothing of it runs.
Result<> stop_op(CommandRunner& runner, const OpToken& token, Millis grace, Clock& clock,
                 Time deadline);

}  // namespace rayctl
