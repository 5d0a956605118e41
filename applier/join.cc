#include "applier/join.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "applier/end_ray.h"
#include "applier/node_command.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

constexpr int kLooks = 2;  // of a plain process

std::string noun(const Join& join) {
  return join.ray ? "Ray" : "the command";
}

Error ended(Run& run, const Join& join, const OpStatus& status, Millis after) {
  Error error = permanent(ErrorCode::kStartFailed, noun(join) + " on " + join.node.name.text);
  error.message += status.state == OpStatus::State::kDone
                       ? " ended with " + std::to_string(status.exit_code)
                       : std::string(" was killed");
  error.message += " after " + format_age(after);
  error.context = tail_of(run, join.node, join.token);
  return error;
}

Error too_late(Run& run, const Join& join, const std::string& last_trouble) {
  Error error =
      permanent(ErrorCode::kJoinTimeout, join.node.name.text + " did not join Ray within " +
                                             format_age(run.options.join_timeout));
  error.context = tail_of(run, join.node, join.token);
  if (!last_trouble.empty()) error.context.push_back(last_trouble);
  return error;
}

// Ray's name of an alive node that is of an earlier start and about to be declared dead.
std::string stale_node(Run& run, const Join& join) {
  if (!join.ray || join.head.id == join.node.machine.id) return "";
  const Result<RayView> view = run.ray.view(join.head);
  if (!view) return "";
  const auto found = view->nodes.find(join.node.machine.id);
  return found == view->nodes.end() ? "" : found->second.node_id;
}

Result<OpStatus> start(Run& run, const Join& join) {
  return retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.ops.start(*join.node.runner, join.token, join.command,
                               run.world.clock.now() + kCallTimeout);
  });
}

// Ended well, and left Ray behind.
bool detached(const OpStatus& status) {
  return status.state == OpStatus::State::kDone && status.exit_code == 0;
}

// Whether GCS has the node as alive; an Error only if asking again is of no use.
Result<bool> alive(Run& run, const Join& join, const std::string& stale, std::string& trouble) {
  const Result<RayView> view = run.ray.view(join.head);
  if (!view) {
    if (view.error().fault == Fault::kPermanent) return view.error();
    trouble = view.error().message;
    return false;
  }
  trouble.clear();
  const auto found = view->nodes.find(join.node.machine.id);
  return found != view->nodes.end() && found->second.state == RayNode::State::kAlive &&
         found->second.node_id != stale;
}

}  // namespace

Result<> start_and_join(Run& run, const Join& join) {
  World& world = run.world;
  Result<OpStatus> before = retrying(world, Repeat::kHarmless, [&] {
    return world.ops.status(*join.node.runner, join.token, world.clock.now() + kCallTimeout);
  });
  if (!before) return before.error();
  const bool runs =
      before->state == OpStatus::State::kRunning || (join.detaches && detached(*before));
  const std::string stale = runs ? "" : stale_node(run, join);
  Result<OpStatus> started = start(run, join);
  if (!started) return started.error();

  const Time deadline = world.clock.now() + run.options.join_timeout;
  Time begun = world.clock.now();
  bool again = true;
  int looks = 0;
  std::string trouble;
  for (Millis pause = kPollFirst;; pause = std::min(pause * 3 / 2, kPollMost)) {
    if (Result<> slept = rayctl::pause(run, pause); !slept) return slept;
    const Result<OpStatus> status =
        world.ops.status(*join.node.runner, join.token, world.clock.now() + kCallTimeout);
    if (!status) {
      trouble = status.error().message;
      if (status.error().fault == Fault::kPermanent) return status.error();
    } else if (status->state != OpStatus::State::kRunning &&
               !(join.detaches && detached(*status))) {
      const Millis after = world.clock.now() - begun;
      if (!join.ray || !again || after < kRayStartupTimeout) {
        return ended(run, join, *status, after);
      }
      again = false;
      run.talk.progress(join.step, join.node.name, "starting Ray once more");
      Result<> cleared = end_ray(run, join.node, join.spec, join.token);
      if (!cleared) return in_context(cleared.error(), "ending what the first start left running");
      started = start(run, join);
      if (!started) return started.error();
      begun = world.clock.now();
    } else if (!join.ray) {
      if (++looks >= kLooks) {
        run.talk.progress(join.step, join.node.name, "running");
        return {};
      }
    } else {
      const Result<bool> joined = alive(run, join, stale, trouble);
      if (!joined) return joined.error();
      if (*joined) {
        run.talk.progress(join.step, join.node.name, "alive in GCS");
        return {};
      }
    }
    if (world.clock.now() >= deadline) return too_late(run, join, trouble);
  }
}

}  // namespace rayctl
