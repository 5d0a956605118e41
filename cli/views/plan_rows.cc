#include "cli/views/plan_rows.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "cli/views/node_list.h"

namespace rayctl {
namespace {

/// Whom an effect disturbs, coarsely: nodes that differ only in how long they were idle share a
/// row.
enum class Disturbs { kNothing, kNobody, kWork };

/// One effect on one node, ready to print.
struct Line {
  std::string effect, cause;
  Disturbs disturbs = Disturbs::kNothing;
  auto operator<=>(const Line&) const = default;
};

/// What happens to one node. Nodes with equal rows (but for the name) share them.
struct Row {
  char symbol = '~';
  std::string type;
  std::vector<Line> lines;
  auto operator<=>(const Row&) const = default;
};

/// The nodes of a row; `words` has the disturbance of each line in the planner's own words.
struct Group {
  std::vector<NodeName> nodes;
  std::vector<std::set<std::string>> words;
};

Disturbs disturbs(const std::string& words) {
  if (words.empty()) return Disturbs::kNothing;
  return words.starts_with("nobody") ? Disturbs::kNobody : Disturbs::kWork;
}

/// A row and the words that go with its lines.
struct NodeRow {
  Row row;
  std::vector<std::string> words;

  void add(std::string effect, std::string cause, const std::string& disturbed) {
    row.lines.push_back({std::move(effect), std::move(cause), disturbs(disturbed)});
    words.push_back(disturbed);
  }
  void set_words(const std::string& disturbed) {
    row.lines.back().disturbs = disturbs(disturbed);
    words.back() = disturbed;
  }
};

std::string shown_words(const std::set<std::string>& words, Disturbs kind) {
  constexpr std::string_view kUnknown = "unknown: ";
  if (kind == Disturbs::kNothing) return "";
  if (words.size() > 1) {
    return kind == Disturbs::kNobody ? "nobody" : "interrupts work on each of them";
  }
  const std::string& one = *words.begin();
  if (one.starts_with(kUnknown)) {
    return "may interrupt work (" + one.substr(kUnknown.size()) + ")";
  }
  return kind == Disturbs::kWork ? "interrupts " + one : one;
}

std::map<NodeName, std::vector<const Step*>> by_node(const Plan& plan) {
  std::map<NodeName, std::vector<const Step*>> steps;
  for (const Step& step : plan.steps) {
    for (const NodeName& node : nodes_of(step.action))
      steps[node].push_back(&step);
  }
  return steps;
}

/// The type of every node that steps name it for; a node that stays is known by its name's stem.
std::string type_of(const NodeName& node, const std::vector<const Step*>& steps) {
  for (const Step* step : steps) {
    if (const auto* create = std::get_if<CreateNodes>(&step->action)) return create->type.text;
    if (const auto* adopt = std::get_if<AdoptNode>(&step->action)) return adopt->type.text;
  }
  return node.text.substr(0, node.text.rfind('-'));
}

/// A node that is made: one line, because each of its steps follows from the launch.
NodeRow launched_row(const std::vector<const Step*>& steps, NodeRow made) {
  made.row.symbol = '+';
  std::string effects, cause, words;
  for (const Step* step : steps) {
    effects += (effects.empty() ? "" : ", ") + effect_of(step->action);
    if (cause.empty()) cause = cause_of(*step);
    if (words.empty()) words = step->disturbs;
  }
  made.add(effects, cause, words);
  return made;
}

template <class A>
const Step* find_step(const std::vector<const Step*>& steps) {
  for (const Step* step : steps) {
    if (std::holds_alternative<A>(step->action)) return step;
  }
  return nullptr;
}

NodeRow row_of(const NodeName& node, const std::vector<const Step*>& steps) {
  NodeRow made{.row = {.type = type_of(node, steps)}};
  if (find_step<CreateNodes>(steps) != nullptr) return launched_row(steps, std::move(made));
  const Step* stop = find_step<StopRay>(steps);
  const Step* end = find_step<TerminateNode>(steps);
  if (end != nullptr) made.row.symbol = end->reason == Reason::kOutOfDate ? '!' : '-';
  for (const Step* step : steps) {
    if (step == stop && end == nullptr) continue;
    std::string effect = effect_of(step->action), cause = cause_of(*step), words = step->disturbs;
    if (std::holds_alternative<StartRay>(step->action) && stop != nullptr) {
      effect = "restart Ray";
      if (words.empty()) words = stop->disturbs;
    }
    std::vector<Line>& lines = made.row.lines;
    bool joined = !lines.empty() && lines.back().cause == cause &&
                  (words.empty() || made.words.back().empty() || made.words.back() == words);
    if (!joined) {
      made.add(effect, cause, words);
      continue;
    }
    lines.back().effect += ", " + effect;
    if (made.words.back().empty()) made.set_words(words);
  }
  return made;
}

/// "security-group ray-autoscaler-demo".
std::string titled(const ResourceName& resource, const std::string& title) {
  return resource.text + " " + title;
}

/// Of a step that is about no node.
char symbol_of(const Step& step) {
  if (std::holds_alternative<RemoveResource>(step.action)) return '-';
  if (!std::holds_alternative<MakeResource>(step.action)) return '~';
  return step.reason == Reason::kMissing || step.reason == Reason::kVanished ? '+' : '~';
}

PlanRow shown(const Row& row, Group group, bool head) {
  PlanRow result{.symbol = row.symbol, .head = head, .nodes = std::move(group.nodes)};
  std::sort(result.nodes.begin(), result.nodes.end(), natural_less);
  for (std::size_t at = 0; at < row.lines.size(); ++at) {
    const Line& line = row.lines[at];
    result.lines.push_back({line.effect, line.cause, shown_words(group.words[at], line.disturbs),
                            line.disturbs == Disturbs::kWork});
  }
  return result;
}

}  // namespace

std::string cause_of(const Step& step) {
  std::string fields = join(step.fields, ", ");
  if (step.because.empty()) return fields;
  if (fields.empty() || step.because.find(step.fields.front()) != std::string::npos) {
    return step.because;
  }
  return fields + ": " + step.because;
}

std::string effect_of(const Action& action) {
  return std::visit(Overloaded{
                        [](const CreateNodes&) { return std::string("launch"); },
                        [](const PrepareContainer&) { return std::string("make container"); },
                        [](const SyncFiles&) { return std::string("send files"); },
                        [](const SyncFromHead&) { return std::string("send files from the head"); },
                        [](const SetUpNode&) { return std::string("set up"); },
                        [](const StartRay&) { return std::string("start Ray"); },
                        [](const StopRay&) { return std::string("stop Ray"); },
                        [](const DrainNode&) { return std::string("drain"); },
                        [](const TerminateNode&) { return std::string("terminate"); },
                        [](const AdoptNode&) { return std::string("adopt"); },
                        [](const ForgetNode&) { return std::string("forget"); },
                        [](const CloseOp&) { return std::string("close an unfinished operation"); },
                        [](const ConfigureAutoscaler& a) {
                          return a.program.empty() ? std::string("record new limits")
                                                   : "autoscaler: " + a.program;
                        },
                        [](const MakeResource& a) { return titled(a.resource, a.title); },
                        [](const RemoveResource& a) { return titled(a.resource, a.title); },
                    },
                    action);
}

std::vector<PlanRow> plan_rows(const Plan& plan) {
  std::map<Row, Group> groups;
  for (const auto& [node, steps] : by_node(plan)) {
    NodeRow made = row_of(node, steps);
    Group& group = groups[made.row];
    group.nodes.push_back(node);
    group.words.resize(made.words.size());
    for (std::size_t at = 0; at < made.words.size(); ++at)
      group.words[at].insert(made.words[at]);
  }
  std::vector<PlanRow> rows;
  for (auto& [row, group] : groups) {
    rows.push_back(shown(row, std::move(group), row.type == plan.head_type.text));
  }
  std::sort(rows.begin(), rows.end(), [](const PlanRow& one, const PlanRow& other) {
    if (one.head != other.head) return one.head;
    return natural_less(one.nodes.front(), other.nodes.front());
  });
  for (const Step& step : plan.steps) {
    if (!nodes_of(step.action).empty()) continue;
    NodeRow made;
    made.row.symbol = symbol_of(step);
    made.add(effect_of(step.action), cause_of(step), step.disturbs);
    rows.push_back(shown(made.row, {{}, {{made.words.front()}}}, false));
  }
  return rows;
}

}  // namespace rayctl
