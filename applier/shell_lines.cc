#include "applier/shell_lines.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "applier/node_command.h"
#include "applier/retry.h"
#include "applier/timing.h"
#include "base/digest.h"
#include "base/text.h"
#include "transport/shell_line.h"

namespace rayctl {
namespace {

constexpr char kInitialized[] = ".rayctl/initialized";

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// Where the head is, for lines of a worker that want to know it; "" if none does.
Result<std::string> head_ip(Run& run, const NodeAtWork& node,
                            const std::vector<std::string>& lines) {
  const bool wanted = std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("RAY_HEAD_IP") != std::string::npos;
  });
  if (!wanted || node.record.head) return std::string();
  const Time deadline = run.world.clock.now() + run.options.launch_timeout;
  while (true) {
    const Result<CloudNode> head = head_of(run);
    if (head) return head->internal_ip;
    if (run.world.clock.now() >= deadline) return head.error();
    if (Result<> slept = pause(run, kPollMost); !slept) return slept.error();
  }
}

Command shell_command(const Run& run, const NodeAtWork& node, const std::string& line,
                      const std::string& head_ip) {
  Command command;
  command.env = {{"RAYCTL_CLUSTER", run.plan.cluster.text},
                 {"RAYCTL_NODE_NAME", node.name.text},
                 {"RAYCTL_NODE_TYPE", node.record.type.text},
                 {"RAYCTL_NODE_IP", node.record.ip}};
  if (!head_ip.empty()) command.env["RAY_HEAD_IP"] = head_ip;
  const ShellKind shell = run.world.access(node.record.provider).shell();
  command.argv = shell_argv(shell, {run.secrets.bind(line, command.env)});
  command.plain = shell != ShellKind::kBash;  // the line brings its own login shell, or wants none
  return command;
}

Error failure(const std::string& line, CommandResult result) {
  const std::string what = "`" + first_line(line) + "` ";
  Error error = permanent(ErrorCode::kSetupFailed, "");
  switch (result.status.state) {
    case OpStatus::State::kRunning:
      error.message = what + "still ran after " + format_age(result.took) + " and was stopped";
      break;
    case OpStatus::State::kDone:
      error.message = what + "failed with " + std::to_string(result.status.exit_code) + " after " +
                      format_age(result.took);
      break;
    case OpStatus::State::kAbsent:
    case OpStatus::State::kDead:
      error.message = what + "was cut short: the node restarted or the command was killed";
      break;
  }
  error.context = std::move(result.tail);
  return error;
}

}  // namespace

Result<> run_shell_lines(Run& run, const Step& step, const NodeAtWork& node,
                         const std::vector<std::string>& lines, const std::string& prefix) {
  const Result<std::string> head = head_ip(run, node, lines);
  if (!head) return head.error();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    run.talk.progress(step, node.name, first_line(lines[i]));
    Result<CommandResult> result = run_on_node(run, node, OpToken{prefix + std::to_string(i)},
                                               shell_command(run, node, lines[i], *head), "setup");
    if (!result) {
      const Error error = in_context(result.error(), "running `" + first_line(lines[i]) + "`");
      return i > 0 ? begun(error) : error;
    }
    if (result->status.state != OpStatus::State::kDone || result->status.exit_code != 0) {
      return failure(lines[i], *std::move(result));
    }
  }
  return {};
}

Result<> initialize(Run& run, const Step& step, const NodeAtWork& at, const NodeSpec& spec,
                    const OpToken& token) {
  const std::vector<std::string>& lines = spec.initialization_commands;
  if (lines.empty()) return {};
  const std::string digest = short_digest(Json(lines).dump());
  Result<std::optional<std::string>> last = read_small_file(run.world, *at.runner, kInitialized);
  if (!last) return last.error();
  if (*last == digest) return {};
  Result<> ran = run_shell_lines(run, step, at, lines, token.text + "-i");
  if (!ran) return ran;
  const Result<> noted = retrying(run.world, Repeat::kHarmless, [&] {
    return at.runner->put(digest, std::string("~/") + kInitialized, 0600,
                          run.world.clock.now() + kCallTimeout);
  });
  if (!noted) return begun(noted.error());
  return {};
}

}  // namespace rayctl
