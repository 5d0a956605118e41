#pragma once
#include <functional>
#include <string>

#include "transport/exec_runner.h"

namespace rayctl {

/// Runs argv, input and stream of a command in a container of a pod; leaves it, with whatever exit
/// code, as soon as `enough` is true after an output.
using RunInPod = std::function<Result<CommandOutput>(const Command& command, Time deadline,
                                                     const OutputSink& sink,
                                                     const std::function<bool()>& enough)>;

/// Runs programs in a container of a pod by way of Kubernetes' exec, as the container's user and
/// with its environment and home folder. A passed deadline kills the command there.
class PodRunner final : public ExecRunner {
 public:
  /// `run`: the exec; `where`: pod and container, for messages.
  PodRunner(RunInPod run, std::string where, bool login_shell);

 private:
  Result<int> exec(ExecRequest request, Time deadline, const OutputSink& sink) override;

  const RunInPod run_;
  const std::string where_;
};

}  // namespace rayctl
