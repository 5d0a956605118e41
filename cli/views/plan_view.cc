#include "cli/views/plan_view.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "cli/views/diagnostic_view.h"
#include "cli/views/node_list.h"
#include "cli/views/plan_summary.h"
#include "model/codec.h"

namespace rayctl {
namespace {

/// One effect on one node, ready to print.
struct Line {
  std::string effect, cause, disturbs;
  auto operator<=>(const Line&) const = default;
};

/// What happens to one node. Nodes with equal rows (but for the name) share them.
struct Row {
  char symbol = '~';
  std::string type;
  std::vector<Line> lines;
  auto operator<=>(const Row&) const = default;
};

std::string cause_of(const Step& step) {
  std::string fields = join(step.fields, ", ");
  if (step.because.empty()) return fields;
  if (fields.empty() || step.because.find(step.fields.front()) != std::string::npos) {
    return step.because;
  }
  return fields + ": " + step.because;
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
Row launched_row(const std::vector<const Step*>& steps, Row row) {
  row.symbol = '+';
  Line line;
  for (const Step* step : steps) {
    line.effect += (line.effect.empty() ? "" : ", ") + effect_of(step->action);
    if (line.cause.empty()) line.cause = cause_of(*step);
    if (line.disturbs.empty()) line.disturbs = step->disturbs;
  }
  row.lines.push_back(std::move(line));
  return row;
}

Row row_of(const NodeName& node, const std::vector<const Step*>& steps) {
  Row row{.type = type_of(node, steps)};
  auto has = [&]<class A>() {
    return std::any_of(steps.begin(), steps.end(),
                       [](const Step* step) { return std::holds_alternative<A>(step->action); });
  };
  bool stops = has.template operator()<StopRay>();
  bool ends = has.template operator()<TerminateNode>();
  if (has.template operator()<CreateNodes>()) return launched_row(steps, std::move(row));
  for (const Step* step : steps) {
    if (ends) row.symbol = step->reason == Reason::kOutOfDate ? '!' : '-';
    if (std::holds_alternative<StopRay>(step->action) && !ends) continue;
    Line line{effect_of(step->action), cause_of(*step), step->disturbs};
    if (std::holds_alternative<StartRay>(step->action) && stops) {
      line.effect = "restart Ray";
      for (const Step* other : steps) {
        if (std::holds_alternative<StopRay>(other->action) && line.disturbs.empty()) {
          line.disturbs = other->disturbs;
        }
      }
    }
    bool joined = !row.lines.empty() && row.lines.back().cause == line.cause &&
                  (row.lines.back().disturbs == line.disturbs || line.disturbs.empty() ||
                   row.lines.back().disturbs.empty());
    if (joined) {
      row.lines.back().effect += ", " + line.effect;
      if (row.lines.back().disturbs.empty()) row.lines.back().disturbs = line.disturbs;
    } else {
      row.lines.push_back(std::move(line));
    }
  }
  return row;
}

std::string colored(char symbol, const std::string& text, const Style& style) {
  switch (symbol) {
    case '+':
      return style.green(text);
    case '-':
    case '!':
      return style.red(text);
    default:
      return style.yellow(text);
  }
}

std::string render_rows(const Plan& plan, const Style& style) {
  std::map<Row, std::vector<NodeName>> rows;
  for (const auto& [node, steps] : by_node(plan))
    rows[row_of(node, steps)].push_back(node);
  std::vector<std::pair<Row, std::vector<NodeName>>> order(rows.begin(), rows.end());
  for (auto& each : order)
    std::sort(each.second.begin(), each.second.end(), natural_less);
  std::sort(order.begin(), order.end(), [](const auto& one, const auto& other) {
    return natural_less(one.second.front(), other.second.front());
  });
  for (const Step& step : plan.steps) {
    if (!nodes_of(step.action).empty()) continue;
    order.push_back({Row{.lines = {{effect_of(step.action), cause_of(step), step.disturbs}}}, {}});
  }
  std::vector<std::string> titles;
  std::size_t title_width = 0, effect_width = 0;
  for (const auto& [row, nodes] : order) {
    bool head = row.type == plan.head_type.text;
    titles.push_back(nodes.empty() ? "cluster" : (head ? "head " : "worker ") + node_list(nodes));
    title_width = std::max(title_width, columns(titles.back()));
    for (const Line& line : row.lines)
      effect_width = std::max(effect_width, columns(line.effect));
  }
  effect_width = std::min<std::size_t>(effect_width, 44);
  std::string text;
  for (std::size_t at = 0; at < order.size(); ++at) {
    const Row& row = order[at].first;
    std::string title = pad(titles[at], title_width);
    std::string mark(1, row.symbol);
    for (const Line& line : row.lines) {
      std::string shown = "  " + (mark == " " ? mark : colored(row.symbol, mark, style)) + " " +
                          title + "  " + pad(line.effect, effect_width) + "  " + line.cause;
      if (line.disturbs.starts_with("nobody"))
        shown += "  " + line.disturbs;
      else if (!line.disturbs.empty())
        shown += "  " + style.bold("interrupts " + line.disturbs);
      shown.erase(shown.find_last_not_of(' ') + 1);
      text += shown + "\n";
      title = std::string(title_width, ' ');
      mark = " ";
    }
  }
  return text;
}

std::string render_left_out(const Plan& plan, const Style& style) {
  std::map<std::pair<std::string, std::string>, std::vector<NodeName>> groups;
  for (const LeftOut& each : plan.left_out)
    groups[{each.what, each.because}].push_back(each.node);
  std::string text;
  for (const auto& [what, nodes] : groups) {
    text += style.dim("    left out: " + what.first + " on " + node_list(nodes) + " (" +
                      what.second + ")") +
            "\n";
  }
  return text;
}

std::string render_steps(const Plan& plan) {
  std::string text = "\nSteps:\n";
  for (const Step& step : plan.steps) {
    std::string after;
    for (int id : step.after)
      after += (after.empty() ? ", after " : " ") + std::to_string(id);
    text += "  " + std::to_string(step.id) + " " + verb_of(step.action) + " " +
            node_list(nodes_of(step.action)) + ": " + to_text(step.reason) + after;
    if (step.resume) text += ", goes on with operation " + step.resume->text;
    if (!cause_of(step).empty()) text += "\n      because: " + cause_of(step);
    if (!step.fields.empty()) text += "\n      fields: " + join(step.fields, ", ");
    text += "\n";
  }
  return text;
}

}  // namespace

std::string effect_of(const Action& action) {
  return std::visit(Overloaded{
                        [](const CreateNodes&) { return "launch"; },
                        [](const PrepareContainer&) { return "make container"; },
                        [](const SyncFiles&) { return "send files"; },
                        [](const SyncFromHead&) { return "send files from the head"; },
                        [](const SetUpNode&) { return "set up"; },
                        [](const StartRay&) { return "start Ray"; },
                        [](const StopRay&) { return "stop Ray"; },
                        [](const DrainNode&) { return "drain"; },
                        [](const TerminateNode&) { return "terminate"; },
                        [](const AdoptNode&) { return "adopt"; },
                        [](const ForgetNode&) { return "forget"; },
                        [](const CloseOp&) { return "close an unfinished operation"; },
                        [](const ConfigureAutoscaler&) { return "record new limits"; },
                    },
                    action);
}

std::string render_plan(const Plan& plan, const PlanViewOptions& options, const Style& style) {
  std::string text = "cluster " + plan.cluster.text;
  if (!options.where.empty()) text += " on " + options.where;
  text +=
      options.serial > 0 ? " · state serial " + std::to_string(options.serial) : " · no state yet";
  if (!options.refreshed.empty()) text += " · " + options.refreshed;
  text += "\n";
  if (!plan.steps.empty()) text += "\n" + render_rows(plan, style);
  if (!plan.left_out.empty()) text += "\n" + render_left_out(plan, style);
  for (const std::string& blind : plan.blind_spots) {
    text += "\n" + style.yellow("  not seen: ") + blind + "\n";
  }
  if (!plan.blocked.empty()) {
    text += "\n" + render_diagnostics(plan.blocked, {}, style);
  }
  if (options.explain && !plan.steps.empty()) text += render_steps(plan);
  text += "\n" + style.bold(summary_line(plan)) + "\n";
  if (!plan.blocked.empty()) {
    text += "This plan cannot be applied until what is marked as error above is decided.\n";
  } else if (summarize(plan).restart > 0 && !options.no_restart && !plan.destroy) {
    text += "With --no-restart files go out, set-up runs, and Ray is not interrupted.\n";
  }
  return text;
}

}  // namespace rayctl
