#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "model/list_lag.h"
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

/// Each of its machines is a node, or is not there for certain.
bool StepWriter::is_over(const CreateNodes& launch, Time begun_at, const WorksByName& works) const {
  if (!launches_can_be_seen(launch.type)) return false;
  const NodeSpec* spec = spec_of(in_.desired, launch.type);
  const ProviderName provider = spec == nullptr ? ProviderName{} : spec->provider;
  const bool may_show = !in_.desired.destroy && may_lack(provider, begun_at, in_.observed);
  return std::all_of(launch.nodes.begin(), launch.nodes.end(), [&](const NodeName& name) {
    const auto found = works.find(name.text);
    if (found != works.end() && found->second->node != nullptr) {
      const Work& work = *found->second;
      return !unseen(work) && (work.chosen || !work.node->adopted);
    }
    return !may_show && chosen_by_flags(in_.options, name, launch.type);
  });
}

/// An operation is closed when what it may have done was looked at and is dealt with: not where a
/// provider could not be listed, nor where a flag leaves the node out.
bool StepWriter::may_close(const OpenOp& op, const WorksByName& works) const {
  const bool filtered = !in_.options.target.empty() || !in_.options.exclude.empty();
  const bool of_ray =
      std::holds_alternative<StopRay>(op.action) || std::holds_alternative<StartRay>(op.action);
  if (in_.options.restart_only && !of_ray) return false;
  if (const auto* launch = std::get_if<CreateNodes>(&op.action)) {
    return is_over(*launch, op.begun_at, works);
  }
  const std::vector<NodeName> names = nodes_of(op.action);
  if (names.empty()) return !filtered;
  return std::all_of(names.begin(), names.end(), [&](const NodeName& name) {
    const auto found = works.find(name.text);
    if (found == works.end()) return chosen_by_flags(in_.options, name, {});
    return found->second->chosen && !unseen(*found->second);
  });
}

void StepWriter::close_ops() {
  if (ops_.all().empty()) return;
  WorksByName works;
  for (const Work& work : roster_.works)
    works.emplace(work.name.text, &work);
  std::unordered_set<std::string_view> tokens;
  std::unordered_map<std::string_view, int> adoptions;
  for (const Step& step : plan_.steps) {
    if (step.resume) tokens.insert(step.resume->text);
    if (const auto* adopt = std::get_if<AdoptNode>(&step.action))
      adoptions.emplace(adopt->node.text, step.id);
  }
  std::vector<Step> first;
  std::vector<Step> last;
  for (std::size_t i = 0; i < ops_.all().size(); ++i) {
    const OpenOp& op = ops_.all()[i];
    if (ops_.taken(i) || tokens.contains(op.token.text) || !may_close(op, works)) continue;
    tokens.insert(op.token.text);
    Step step{.action = CloseOp{op.token}};
    step.reason = Reason::kResume;
    step.because = std::string(verb_of(op.action)) + " was begun before and has nothing left to do";
    // Until its machines are recorded, only the launch says that they were asked for.
    for (const NodeName& name : nodes_of(op.action)) {
      const auto adoption = adoptions.find(name.text);
      if (adoption != adoptions.end()) step.after.push_back(adoption->second);
    }
    std::sort(step.after.begin(), step.after.end());
    step.after.erase(std::unique(step.after.begin(), step.after.end()), step.after.end());
    (step.after.empty() ? first : last).push_back(std::move(step));
  }
  plan_.steps.insert(plan_.steps.end(), std::make_move_iterator(last.begin()),
                     std::make_move_iterator(last.end()));
  const int shift = static_cast<int>(first.size());
  int id = shift;
  for (Step& step : plan_.steps) {
    step.id = id++;
    for (int& before : step.after)
      before += shift;
  }
  id = 0;
  for (Step& step : first)
    step.id = id++;
  plan_.steps.insert(plan_.steps.begin(), std::make_move_iterator(first.begin()),
                     std::make_move_iterator(first.end()));
}

}  // namespace rayctl::planning
