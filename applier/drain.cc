#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "applier/actions.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

// Ray's name of a living node; nullopt if Ray does not know it, or it is dead already.
Result<std::optional<RayNode>> living(Run& run, const CloudNode& head, const CloudId& id) {
  Result<RayView> view = retrying(
      run.world, Repeat::kHarmless, [&] { return run.ray.view(head); },
      BackoffPolicy{.attempts = 3});
  if (!view) return view.error();
  const auto found = view->nodes.find(id);
  if (found == view->nodes.end() || found->second.state == RayNode::State::kDead) {
    return std::optional<RayNode>();
  }
  return std::optional(found->second);
}

Result<DrainAnswer> ask(Run& run, RayCluster& ray, const RayNode& node, DrainReason reason,
                        Time finish_by) {
  return retrying(run.world, Repeat::kHarmless, [&] {
    return ray.drain(node.node_id, reason, "removed by rayctl", finish_by,
                     run.world.clock.now() + kCallTimeout);
  });
}

// Asks, and waits until the node is dead or `patience` has passed. What could not be done is said
// in the answer, for people: a node that cannot be drained is removed all the same.
std::string drain(Run& run, const DrainNode& action) {
  const Result<CloudNode> head = head_of(run);
  if (!head) return "not drained: " + head.error().message;
  if (head->id == action.id) return "the head is not drained";
  Result<std::optional<RayNode>> node = living(run, *head, action.id);
  if (!node) return "not drained: " + node.error().message;
  if (!*node) return "already gone from Ray";
  Result<std::shared_ptr<RayCluster>> ray = run.ray.connect(*head);
  if (!ray) return "not drained: " + ray.error().message;

  const Time finish_by = run.world.clock.now() + action.patience;
  Result<DrainAnswer> answer = ask(run, **ray, **node, DrainReason::kIdleTermination, finish_by);
  if (answer && !answer->accepted) {
    answer = ask(run, **ray, **node, DrainReason::kPreemption, finish_by);
  }
  if (!answer) return "not drained: " + answer.error().message;
  if (!answer->accepted) return "not drained, Ray refused: " + answer->rejection;

  for (Millis pause = kPollFirst; run.world.clock.now() < finish_by;
       pause = std::min(pause * 3 / 2, kPollMost)) {
    node = living(run, *head, action.id);
    if (!node) return "not seen to end: " + node.error().message;
    if (!*node) return "drained";
    run.world.clock.sleep(pause, {});
  }
  return "not drained within " + format_age(action.patience);
}

}  // namespace

Result<Effect> act(Run& run, const Step& step, const DrainNode& action, const OpToken&) {
  run.talk.progress(step, action.node, "draining");
  if (!run.world.plain_processes) run.talk.progress(step, action.node, drain(run, action));
  Effect effect;
  if (std::optional<NodeRecord> record = run.journal.record(action.node)) {
    record->phase = Phase::kDraining;
    effect.records[action.node] = *std::move(record);
  }
  return effect;
}

}  // namespace rayctl
