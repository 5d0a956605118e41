#include "applier/end_ray.h"

#include <string>

#include "applier/retry.h"
#include "applier/timing.h"
#include "base/text.h"
#include "transport/shell_line.h"

namespace rayctl {
namespace {

constexpr int kNotFound = 127;
constexpr std::size_t kTailLines = 5;

Result<> ask_ray(Run& run, const NodeAtWork& node) {
  const ShellKind shell = run.world.access(node.record.provider).shell();
  Error error;
  for (const char* line : {"ray stop", "ray stop --force"}) {
    Result<CommandOutput> asked = retrying(run.world, Repeat::kHarmless, [&] {
      return node.runner->run(
          {.argv = shell_argv(shell, {line}), .plain = shell != ShellKind::kBash},
          run.world.clock.now() + 2 * kCallTimeout);
    });
    if (!asked) return asked.error();
    // Without the program the operation's own processes are all there can be.
    if (asked->exit_code == 0 || asked->exit_code == kNotFound) return {};
    error = permanent(ErrorCode::kCommandFailed, std::string("`") + line + "` failed with " +
                                                     std::to_string(asked->exit_code));
    error.context = last_lines(run.talk.clean(asked->out + asked->err), kTailLines);
  }
  return error;
}

}  // namespace

bool starts_by_commands(const NodeSpec& spec) {
  return spec.start.ray && !spec.start.commands.empty();
}

Result<> end_ray(Run& run, const NodeAtWork& node, const NodeSpec* spec,
                 const std::optional<OpToken>& started) {
  if (spec != nullptr && starts_by_commands(*spec)) {
    Result<> asked = ask_ray(run, node);
    if (!asked) return asked;
  }
  if (!started) return {};
  return retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.ops.stop(*node.runner, *started, kStopGrace, run.world.clock,
                              run.world.clock.now() + 2 * kCallTimeout);
  });
}

}  // namespace rayctl
