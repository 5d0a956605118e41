#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "applier/actions.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

// Ray ends a node that is idle at once, whatever the patience with work is.
constexpr Millis kIdlePatience{10'000};

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

Error failed(const std::string& how) {
  return conflict(ErrorCode::kDrainFailed, how);
}

// Asks, and waits until the node is dead or `patience` has passed. Says for people how it went; a
// kConflict if the node was not seen to be dead.
Result<std::string> drain(Run& run, const DrainNode& action) {
  const Result<CloudNode> head = head_of(run);
  if (!head) return failed("not drained: " + head.error().message);
  if (head->id == action.id) return failed("the head is not drained");
  Result<std::optional<RayNode>> node = living(run, *head, action.id);
  if (!node) return failed("not drained: " + node.error().message);
  if (!*node) return std::string("already gone from Ray");
  Result<std::shared_ptr<RayCluster>> ray = run.ray.connect(*head);
  if (!ray) return failed("not drained: " + ray.error().message);

  const Millis patience =
      action.if_idle ? std::max(action.patience, kIdlePatience) : action.patience;
  const Time finish_by = run.world.clock.now() + patience;
  Result<DrainAnswer> answer = ask(run, **ray, **node, DrainReason::kIdleTermination, finish_by);
  if (answer && !answer->accepted) {
    if (action.if_idle) return failed("node is in use again: " + answer->rejection);
    answer = ask(run, **ray, **node, DrainReason::kPreemption, finish_by);
  }
  if (!answer) return failed("not drained: " + answer.error().message);
  if (!answer->accepted) return failed("not drained, Ray refused: " + answer->rejection);

  for (Millis pause = kPollFirst; run.world.clock.now() < finish_by;
       pause = std::min(pause * 3 / 2, kPollMost)) {
    node = living(run, *head, action.id);
    if (!node) return failed("not seen to end: " + node.error().message);
    if (!*node) return std::string("drained");
    if (Result<> slept = rayctl::pause(run, pause); !slept) return slept.error();
  }
  return failed("not drained within " + format_age(patience));
}

}  // namespace

// A node that cannot be drained is removed all the same, unless it is to go only if it is idle.
Result<Effect> act(Run& run, const Step& step, const DrainNode& action, const OpToken&) {
  run.talk.progress(step, action.node, "draining");
  if (!run.world.plain_processes) {
    const Result<std::string> drained = drain(run, action);
    if (!drained && (action.if_idle || drained.error().fault != Fault::kConflict)) {
      return drained.error();
    }
    run.talk.progress(step, action.node, drained ? *drained : drained.error().message);
  }
  Effect effect;
  if (std::optional<NodeRecord> record = run.journal.record(action.node)) {
    record->phase = Phase::kDraining;
    effect.records[action.node] = *std::move(record);
  }
  return effect;
}

}  // namespace rayctl
