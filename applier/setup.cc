#include <utility>
#include <vector>

#include "applier/actions.h"
#include "applier/node_command.h"
#include "applier/timing.h"

namespace rayctl {
namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Command shell_command(const Run& run, const NodeAtWork& node, const std::string& line) {
  Command command;
  command.env = {{"RAYCTL_CLUSTER", run.plan.cluster.text},
                 {"RAYCTL_NODE_NAME", node.name.text},
                 {"RAYCTL_NODE_TYPE", node.record.type.text},
                 {"RAYCTL_NODE_IP", node.record.ip}};
  command.argv = {"bash", "-c", run.secrets.bind(line, command.env)};
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

Result<Effect> act(Run& run, const Step& step, const SetUpNode& action, const OpToken& token) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node) return node.error();
  Result<const NodeSpec*> spec = spec_of(run, node->record.type);
  if (!spec) return spec.error();
  Result<> tagged = tag_status(run, *node, kStatusSettingUp);
  if (!tagged) return tagged.error();

  std::vector<std::string> lines = (*spec)->initialization_commands;
  lines.insert(lines.end(), (*spec)->setup_commands.begin(), (*spec)->setup_commands.end());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    run.talk.progress(step, action.node, first_line(lines[i]));
    Result<CommandResult> result =
        run_on_node(run, *node, OpToken{token.text + "-" + std::to_string(i)},
                    shell_command(run, *node, lines[i]), "setup");
    if (!result) {
      const Error error = in_context(result.error(), "running `" + first_line(lines[i]) + "`");
      return i > 0 ? begun(error) : error;
    }
    if (result->status.state != OpStatus::State::kDone || result->status.exit_code != 0) {
      return failure(lines[i], *std::move(result));
    }
  }
  NodeRecord record = node->record;
  record.applied.setup = action.setup;
  return settled(run, *node, std::move(record));
}

}  // namespace rayctl
