#include "applier/node_command.h"

#include "applier/retry.h"
#include "applier/timing.h"
#include "base/text.h"

namespace rayctl {
namespace {

constexpr std::size_t kTailBytes = 16 * 1024;
constexpr std::size_t kTailLines = 20;

/// Sleeps until it is told to leave.
class LeavingClock final : public Clock {
 public:
  LeavingClock(Clock& clock, std::stop_token leave) : clock_(clock), leave_(std::move(leave)) {}
  Time now() const override { return clock_.now(); }
  bool sleep(Millis duration, std::stop_token) override { return clock_.sleep(duration, leave_); }

 private:
  Clock& clock_;
  const std::stop_token leave_;
};

}  // namespace

std::vector<std::string> tail_of(Run& run, const NodeAtWork& node, const OpToken& token) {
  const Result<std::string> output = retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.ops.output(*node.runner, token, kTailBytes,
                                run.world.clock.now() + kCallTimeout);
  });
  if (!output) return {};
  return last_lines(run.talk.clean(*output), kTailLines);
}

Result<CommandResult> run_on_node(Run& run, const NodeAtWork& node, const OpToken& token,
                                  const Command& command, const char* phase) {
  World& world = run.world;
  const Time start = world.clock.now();
  const OutputSink sink = [&](std::string_view piece, bool) {
    run.talk.output(node.name, phase, piece);
  };
  CommandResult result;
  for (int attempt = 0; attempt < 2; ++attempt) {
    Result<OpStatus> started = retrying(world, Repeat::kHarmless, [&] {
      return world.ops.start(*node.runner, token, command, world.clock.now() + kCallTimeout);
    });
    if (!started) return started.error();
    const Time deadline = world.clock.now() + run.options.command_timeout;
    LeavingClock clock(world.clock, run.options.leave);
    Result<OpStatus> ended = retrying(world, Repeat::kHarmless, [&] {
      return world.ops.wait(*node.runner, token, clock, deadline, sink);
    });
    if (!ended) return begun(ended.error());
    result.status = *ended;
    const bool runs = ended->state == OpStatus::State::kRunning;
    if (runs && run.options.leave.stop_requested()) return left_for_later();
    if (ended->state != OpStatus::State::kDead) break;
  }
  result.took = world.clock.now() - start;
  if (result.status.state == OpStatus::State::kRunning) {
    Result<> stopped = retrying(world, Repeat::kHarmless, [&] {
      return world.ops.stop(*node.runner, token, kStopGrace, world.clock,
                            world.clock.now() + kCallTimeout);
    });
    if (!stopped) return begun(stopped.error());
  }
  const bool well = result.status.state == OpStatus::State::kDone && result.status.exit_code == 0;
  if (!well) result.tail = tail_of(run, node, token);
  return result;
}

Result<std::optional<std::string>> read_small_file(World& world, CommandRunner& runner,
                                                   const std::string& path) {
  Result<CommandOutput> read = retrying(world, Repeat::kHarmless, [&] {
    return runner.run({.argv = {"cat", path}}, world.clock.now() + kCallTimeout);
  });
  if (!read) return read.error();
  if (read->exit_code != 0) return std::optional<std::string>();
  return std::optional(trim(read->out));
}

Result<std::optional<OpToken>> ray_op(World& world, CommandRunner& runner) {
  Result<std::optional<std::string>> text = read_small_file(world, runner, kRayOpFile);
  if (!text) return text.error();
  if (!*text || (*text)->empty()) return std::optional<OpToken>();
  return std::optional(OpToken{**text});
}

}  // namespace rayctl
