#include <algorithm>
#include <optional>
#include <utility>

#include "applier/actions.h"
#include "applier/end_ray.h"
#include "applier/join.h"
#include "applier/node_command.h"
#include "applier/retry.h"
#include "applier/timing.h"
#include "model/json_number.h"

namespace rayctl {
namespace {

constexpr char kTokenFile[] = ".rayctl/ray_token";
// ray/autoscaler/_private/commands.py of 2.60
constexpr char kBootstrapConfig[] = "ray_bootstrap_config.yaml";
constexpr char kBootstrapKey[] = "ray_bootstrap_key.pem";

Result<> put(Run& run, const NodeAtWork& node, const std::string& bytes, const std::string& path) {
  return retrying(run.world, Repeat::kHarmless, [&] {
    return node.runner->put(bytes, "~/" + path, 0600, run.world.clock.now() + kCallTimeout);
  });
}

// What Ray's monitor and tools on the head read; before Ray starts.
Result<> put_bootstrap(Run& run, const NodeAtWork& node) {
  const World& world = run.world;
  if (world.bootstrap_config) {
    const Result<std::string> config = world.bootstrap_config();
    if (!config) return config.error();
    Result<> sent = config->empty() ? Result<>() : put(run, node, *config, kBootstrapConfig);
    if (!sent) return sent;
  }
  if (world.bootstrap_key.empty()) return {};
  return retrying(run.world, Repeat::kHarmless, [&] {
    return node.runner->upload(world.bootstrap_key, std::string("~/") + kBootstrapKey, 0600,
                               run.world.clock.now() + kCallTimeout);
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

Result<OpStatus> status_of(Run& run, const NodeAtWork& node, const OpToken& token) {
  return retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.ops.status(*node.runner, token, run.world.clock.now() + kCallTimeout);
  });
}

// The operation that starts Ray. One that ended well is never started again, so where a resumed
// start is over and what it left behind is gone (the node restarted meanwhile), the next one is.
Result<OpToken> operation_of(Run& run, const NodeAtWork& node, const NodeSpec& spec,
                             const OpToken& token) {
  OpToken operation = token;
  for (int again = 1; starts_by_commands(spec); ++again) {
    const Result<OpStatus> status = status_of(run, node, operation);
    if (!status) return status.error();
    const bool over = status->state == OpStatus::State::kDone && status->exit_code == 0;
    if (!over || status->leaves) break;
    operation.text = token.text + "-" + std::to_string(again);
  }
  return operation;
}

// One Ray per node: what an earlier operation left running ends first.
Result<> end_earlier_ray(Run& run, const NodeAtWork& node, const NodeSpec& spec,
                         const OpToken& token) {
  Result<std::optional<OpToken>> earlier = ray_op(run.world, *node.runner);
  if (!earlier) return earlier.error();
  if (!*earlier || **earlier == token) return {};
  const Result<OpStatus> status = status_of(run, node, **earlier);
  if (!status) return status.error();
  if (status->state != OpStatus::State::kRunning && !status->leaves) return {};
  return end_ray(run, node, &spec, **earlier);
}

// {"CPU":4,"GPU":0.5}, as Ray's own updater gives it.
std::string overrides(const std::map<std::string, double>& resources) {
  Json values = Json::object();
  for (const auto& [name, amount] : resources)
    values[name] = json_number(amount);
  return values.dump();
}

void add_overrides(const RayStart& start, Command& command) {
  if (!start.resources.empty()) {
    command.env.insert({"RAY_OVERRIDE_RESOURCES", overrides(start.resources)});
  }
  if (!start.labels.empty()) {
    command.env.insert({"RAY_OVERRIDE_LABELS", Json(start.labels).dump()});
  }
}

// Environment: ray/autoscaler/_private/updater.py and autoscaler.py of 2.60 and what the second
// autoscaler reads (RAY_CLOUD_INSTANCE_ID, RAY_NODE_TYPE_NAME, RAY_enable_autoscaler_v2).
Result<Command> command_for(Run& run, const NodeAtWork& node, NodeSpec spec,
                            const std::optional<CloudNode>& head) {
  std::map<std::string, std::string> secrets;
  for (std::string& line : spec.start.commands)
    line = run.secrets.bind(line, secrets);
  Result<Command> composed = run.world.access(node.record.provider)
                                 .start_command(node.machine, spec, head ? &*head : nullptr);
  if (!composed) return composed.error();
  Command command = run.secrets.bind(*std::move(composed));
  command.env.merge(secrets);
  if (starts_by_commands(spec)) add_overrides(spec.start, command);
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
  Result<OpToken> operation = operation_of(run, *node, **spec, token);
  if (!operation) return operation.error();
  Result<> ended = end_earlier_ray(run, *node, **spec, *operation);
  if (!ended) return in_context(ended.error(), "stopping what an earlier start left running");
  if (node->record.head && starts_by_commands(**spec)) {
    Result<> sent = put_bootstrap(run, *node);
    if (!sent) return in_context(sent.error(), "sending ray_bootstrap_config.yaml");
  }
  Result<Command> command = command_for(run, *node, **spec, head);
  if (!command) return command.error();
  Result<> noted = put(run, *node, operation->text, kRayOpFile);
  if (!noted) return in_context(noted.error(), "noting the start on the node");

  run.talk.progress(step, action.node, (*spec)->start.ray ? "starting Ray" : "starting");
  Join join{.step = step,
            .node = *node,
            .token = *operation,
            .command = *command,
            .head = head ? *head : node->machine,
            .ray = (*spec)->start.ray,
            .detaches = starts_by_commands(**spec),
            .spec = *spec};
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
