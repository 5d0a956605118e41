#include <utility>

#include "applier/actions.h"
#include "applier/shell_lines.h"

namespace rayctl {

Result<Effect> act(Run& run, const Step& step, const SetUpNode& action, const OpToken& token) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node) return node.error();
  Result<const NodeSpec*> spec = spec_of(run, node->record.type);
  if (!spec) return spec.error();
  Result<> tagged = tag_status(run, *node, kStatusSettingUp);
  if (!tagged) return tagged.error();
  if (!(*spec)->initialization_commands.empty()) {
    Result<NodeAtWork> machine = reach_machine(run, step, action.node);
    if (!machine) return machine.error();
    Result<> initialized = initialize(run, step, *machine, **spec, token);
    if (!initialized) return initialized.error();
  }
  Result<> set_up = run_shell_lines(run, step, *node, (*spec)->setup_commands, token.text + "-");
  if (!set_up) {
    return (*spec)->initialization_commands.empty() ? set_up.error() : begun(set_up.error());
  }
  NodeRecord record = node->record;
  record.applied.setup = action.setup;
  return settled(run, *node, std::move(record));
}

}  // namespace rayctl
