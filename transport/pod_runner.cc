#include "transport/pod_runner.h"

#include <utility>

#include "transport/exec_inside.h"
#include "transport/ssh/output_end.h"

namespace rayctl {
namespace {

constexpr std::size_t kKeep = 4U << 20;  // bytes of each output stream returned: the last ones

}  // namespace

PodRunner::PodRunner(RunInPod run, std::string where, bool login_shell)
    : ExecRunner(where, login_shell, kKeep), run_(std::move(run)), where_(std::move(where)) {}

Result<int> PodRunner::exec(ExecRequest request, Time deadline, const OutputSink& sink) {
  OutputEnd out(request.end), err(request.end);
  const RunInside run = [&](const Command& command, Time until, const OutputSink& to) {
    const OutputSink both = [&](std::string_view piece, bool is_stderr) {
      static_cast<void>((is_stderr ? err : out).add(piece));
      if (to) to(piece, is_stderr);
    };
    return run_(command, until, both, [&] { return out.code() && err.code(); });
  };
  return exec_inside(run, request, where_, deadline, sink);
}

}  // namespace rayctl
