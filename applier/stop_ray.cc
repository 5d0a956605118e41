#include <optional>
#include <utility>

#include "applier/actions.h"
#include "applier/node_command.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {

Result<Effect> act(Run& run, const Step& step, const StopRay& action, const OpToken&) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node) return node.error();
  Result<std::optional<OpToken>> started = ray_op(run.world, *node->runner);
  if (!started) return started.error();
  if (*started) {
    run.talk.progress(step, action.node, "stopping");
    Result<> stopped = retrying(run.world, Repeat::kHarmless, [&] {
      return run.world.ops.stop(*node->runner, **started, kStopGrace, run.world.clock,
                                run.world.clock.now() + 2 * kCallTimeout);
    });
    if (!stopped) return in_context(stopped.error(), "stopping Ray on " + action.node.text);
  }
  NodeRecord record = node->record;
  record.running = {};
  return settled(run, *node, std::move(record));
}

}  // namespace rayctl
