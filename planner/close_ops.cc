#include <unordered_map>
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

bool StepWriter::may_close(const OpenOp& op) const {
  if (const auto* launch = std::get_if<CreateNodes>(&op.action)) {
    const NodeSpec* spec = spec_of(in_.desired, launch->type);
    if (spec != nullptr) return listed(in_, spec->provider);
    const auto& lists = in_.observed.machines;
    return std::all_of(lists.begin(), lists.end(),
                       [](const auto& list) { return list.second.ok(); });
  }
  return true;
}

void StepWriter::close_ops() {
  const bool partial =
      in_.options.restart_only || !in_.options.target.empty() || !in_.options.exclude.empty();
  if (ops_.all().empty() || partial) return;
  std::unordered_map<std::string_view, const Work*> by_name;
  for (const Work& work : roster_.works)
    by_name.emplace(work.name.text, &work);
  std::vector<Step> closing;
  std::unordered_set<std::string_view> tokens;
  for (const Step& step : plan_.steps) {
    if (step.resume) tokens.insert(step.resume->text);
  }
  for (std::size_t i = 0; i < ops_.all().size(); ++i) {
    const OpenOp& op = ops_.all()[i];
    if (ops_.taken(i) || tokens.contains(op.token.text) || !may_close(op)) continue;
    const std::vector<NodeName> names = nodes_of(op.action);
    const bool left = !std::holds_alternative<CreateNodes>(op.action) &&
                      std::any_of(names.begin(), names.end(), [&](const NodeName& name) {
                        const auto found = by_name.find(name.text);
                        return found != by_name.end() && unseen(*found->second);
                      });
    if (left) continue;
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
