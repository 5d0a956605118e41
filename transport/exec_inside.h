#pragma once
#include <functional>
#include <string>

#include "transport/command_runner.h"
#include "transport/ssh/exec_stream.h"

namespace rayctl {

/// A word that no output will hold, for ExecRequest::end.
std::string new_end_mark();

/// Runs argv, input and stream of a command in a container; nothing else of it counts.
using RunInside = std::function<Result<CommandOutput>(const Command& command, Time deadline,
                                                      const OutputSink& sink)>;

/// Runs a request in a container by way of something that can only run programs there and does not
/// end them: once the deadline has passed, or the way there is cut, a second command kills what the
/// first one started. `where`: the container, for messages. The program's exit code; as
/// CommandRunner::run, and kContainerFailed (kTransient) if nothing runs there.
Result<int> exec_inside(const RunInside& run, const ExecRequest& request, const std::string& where,
                        Time deadline, const OutputSink& sink);

}  // namespace rayctl
