#include <algorithm>
#include <optional>
#include <utility>

#include "applier/actions.h"
#include "applier/join.h"
#include "applier/node_command.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

constexpr char kTokenFile[] = ".rayctl/ray_token";

Result<> put(Run& run, const NodeAtWork& node, const std::string& bytes, const std::string& path) {
  return retrying(run.world, Repeat::kHarmless, [&] {
    return node.runner->put(bytes, "~/" + path, 0600, run.world.clock.now() + kCallTimeout);
  });
}

Result<std::string> home_of(Run& run, const NodeAtWork& node) {
  Result<CommandOutput> home = retrying(run.world, Repeat::kHarmless, [&] {
    return node.runner->run({.argv = {"printenv", "HOME"}}, run.world.clock.now() + kCallTimeout);
  });
  if (!home) return home.error();
  std::string path = home->out.substr(0, home->out.find('\n'));
  if (home->exit_code != 0 || path.empty()) {
    return permanent(ErrorCode::kStartFailed, "HOME is not set on " + node.name.text);
  }
  return path;
}

// One Ray per node: what an earlier operation left running ends first.
Result<> end_earlier_ray(Run& run, const NodeAtWork& node, const OpToken& token) {
  Result<std::optional<OpToken>> earlier = ray_op(run.world, *node.runner);
  if (!earlier) return earlier.error();
  if (!*earlier || **earlier == token) return {};
  return retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.ops.stop(*node.runner, **earlier, kStopGrace, run.world.clock,
                              run.world.clock.now() + 2 * kCallTimeout);
  });
}

Result<Command> command_for(Run& run, const NodeAtWork& node, const NodeSpec& spec,
                            const std::optional<CloudNode>& head) {
  Result<Command> composed = run.world.access(node.record.provider)
                                 .start_command(node.machine, spec, head ? &*head : nullptr);
  if (!composed) return composed.error();
  Command command = *std::move(composed);
  command.env.insert({"RAYCTL_NODE_NAME", node.name.text});
  command.env.insert({"RAYCTL_CLUSTER", run.plan.cluster.text});
  if (!spec.start.ray) return command;
  command.env.insert({"RAY_CLOUD_INSTANCE_ID", node.record.id.text});
  command.env.insert({"RAY_NODE_TYPE_NAME", spec.type.text});
  command.env.insert({"RAY_enable_autoscaler_v2", "1"});
  if (head) command.env.insert({"RAY_HEAD_IP", head->internal_ip});
  if (run.world.auth_token.empty()) return command;
  Result<std::string> home = home_of(run, node);
  if (!home) return home.error();
  Result<> sent = put(run, node, run.world.auth_token, kTokenFile);
  if (!sent) return in_context(sent.error(), "sending Ray's token");
  command.env["RAY_AUTH_MODE"] = "token";
  command.env["RAY_AUTH_TOKEN_PATH"] = *home + "/" + kTokenFile;
  return command;
}

}  // namespace

Result<Effect> act(Run& run, const Step& step, const StartRay& action, const OpToken& token) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node) return node.error();
  Result<const NodeSpec*> spec = spec_of(run, node->record.type);
  if (!spec) return spec.error();
  std::optional<CloudNode> head;
  if (!node->record.head) {
    Result<CloudNode> found = head_of(run);
    if (found) head = *found;
    if (!found && (*spec)->start.ray) return found.error();
  }
  Result<> ended = end_earlier_ray(run, *node, token);
  if (!ended) return in_context(ended.error(), "stopping what an earlier start left running");
  Result<Command> command = command_for(run, *node, **spec, head);
  if (!command) return command.error();
  Result<> noted = put(run, *node, token.text, kRayOpFile);
  if (!noted) return in_context(noted.error(), "noting the start on the node");

  run.talk.progress(step, action.node, (*spec)->start.ray ? "starting Ray" : "starting");
  Join join{.step = step,
            .node = *node,
            .token = token,
            .command = *command,
            .head = head ? *head : node->machine,
            .ray = (*spec)->start.ray};
  Result<> joined = start_and_join(run, join);
  if (!joined) return joined.error();

  NodeRecord record = node->record;
  record.phase = Phase::kReady;
  record.failure.clear();
  record.running = {.docker = record.applied.docker,
                    .files = record.applied.files,
                    .setup = record.applied.setup,
                    .start = action.start};
  return settled(run, *node, std::move(record));
}

}  // namespace rayctl
