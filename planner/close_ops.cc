#include <algorithm>
#include <unordered_set>

#include "planner/step_writer.h"

namespace rayctl::planning {

namespace {

bool unseen(const Work& work) {
  if (work.node == nullptr) return false;
  return work.node->presence == Presence::kUnseen || work.node->presence == Presence::kForeign ||
         (work.fate == Fate::kLeave && work.node->presence == Presence::kExpected);
}

}  // namespace

bool StepWriter::launches_can_be_seen(const NodeTypeName& type) const {
  const NodeSpec* spec = spec_of(in_.desired, type);
  if (spec != nullptr) return listed(in_, spec->provider);
  const auto& lists = in_.observed.machines;
  return std::all_of(lists.begin(), lists.end(), [](const auto& list) { return list.second.ok(); });
}

/// An operation is closed when what it may have done was looked at and is dealt with: not where a
/// provider could not be listed, nor where a flag leaves the node out.
bool StepWriter::may_close(const OpenOp& op, const WorksByName& works) const {
  const bool filtered = !in_.options.target.empty() || !in_.options.exclude.empty();
  const bool of_ray =
      std::holds_alternative<StopRay>(op.action) || std::holds_alternative<StartRay>(op.action);
  if (in_.options.restart_only && !of_ray) return false;
  const auto* launch = std::get_if<CreateNodes>(&op.action);
  if (launch != nullptr && (filtered || !launches_can_be_seen(launch->type))) return false;
  const std::vector<NodeName> names = nodes_of(op.action);
  if (names.empty()) return !filtered;
  return std::all_of(names.begin(), names.end(), [&](const NodeName& name) {
    const auto found = works.find(name.text);
    return found == works.end() ? !filtered : found->second->chosen && !unseen(*found->second);
  });
}

void StepWriter::close_ops() {
  if (ops_.all().empty()) return;
  WorksByName works;
  for (const Work& work : roster_.works)
    works.emplace(work.name.text, &work);
  std::vector<Step> closing;
  std::unordered_set<std::string_view> tokens;
  for (const Step& step : plan_.steps) {
    if (step.resume) tokens.insert(step.resume->text);
  }
  for (std::size_t i = 0; i < ops_.all().size(); ++i) {
    const OpenOp& op = ops_.all()[i];
    if (ops_.taken(i) || tokens.contains(op.token.text) || !may_close(op, works)) continue;
    tokens.insert(op.token.text);
    Step step{.id = static_cast<int>(closing.size()), .action = CloseOp{op.token}};
    step.reason = Reason::kResume;
    step.because = std::string(verb_of(op.action)) + " was begun before and has nothing left to do";
    closing.push_back(std::move(step));
  }
  if (closing.empty()) return;
  const int shift = static_cast<int>(closing.size());
  for (Step& step : plan_.steps) {
    step.id += shift;
    for (int& id : step.after)
      id += shift;
  }
  plan_.steps.insert(plan_.steps.begin(), std::make_move_iterator(closing.begin()),
                     std::make_move_iterator(closing.end()));
}

}  // namespace rayctl::planning
