#include <optional>
#include <utility>

#include "applier/actions.h"
#include "applier/end_ray.h"
#include "applier/node_command.h"

namespace rayctl {

Result<Effect> act(Run& run, const Step& step, const StopRay& action, const OpToken&) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node && node.error().code == ErrorCode::kContainerFailed) {
    // Nothing runs in a container that is not there.
    node = reach_machine(run, step, action.node);
    if (!node) return node.error();
    node->record.running = {};
    return settled(run, *node, node->record);
  }
  if (!node) return node.error();
  Result<std::optional<OpToken>> started = ray_op(run.world, *node->runner);
  if (!started) return started.error();
  const Result<const NodeSpec*> spec = spec_of(run, node->record.type);
  run.talk.progress(step, action.node, "stopping");
  Result<> ended = end_ray(run, *node, spec ? *spec : nullptr, *started);
  if (!ended) return in_context(ended.error(), "stopping Ray on " + action.node.text);
  NodeRecord record = node->record;
  record.running = {};
  return settled(run, *node, std::move(record));
}

}  // namespace rayctl
