#include "cli/views/plan_view.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "cli/views/diagnostic_view.h"
#include "cli/views/node_list.h"
#include "cli/views/plan_rows.h"
#include "cli/views/plan_summary.h"
#include "model/codec.h"

namespace rayctl {
namespace {

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

std::string title_of(const PlanRow& row) {
  if (row.nodes.empty()) return "cluster";
  return (row.head ? "head " : "worker ") + node_list(row.nodes);
}

std::string render_rows(const Plan& plan, const Style& style) {
  std::vector<PlanRow> rows = plan_rows(plan);
  std::size_t title_width = 0, effect_width = 0;
  for (const PlanRow& row : rows) {
    title_width = std::max(title_width, columns(title_of(row)));
    for (const PlanLine& line : row.lines) {
      effect_width = std::max(effect_width, columns(line.effect));
    }
  }
  std::string text;
  for (const PlanRow& row : rows) {
    std::string title = title_of(row), mark(1, row.symbol);
    for (const PlanLine& line : row.lines) {
      std::string shown = "  " + colored(row.symbol, mark, style) + " " + pad(title, title_width) +
                          "  " + pad(line.effect, effect_width) + "  " + line.cause;
      if (!line.disturbs.empty()) {
        shown += "  " + (line.interrupts ? style.bold(line.disturbs) : line.disturbs);
      }
      shown.erase(shown.find_last_not_of(' ') + 1);
      text += shown + "\n";
      title.clear();
      mark = " ";
    }
  }
  return text;
}

std::string render_monitor(const Plan& plan, const Style& style) {
  const bool said = std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    const auto* start = std::get_if<StartRay>(&step.action);
    const auto head = plan.specs.find(plan.head_type);
    return start != nullptr && head != plan.specs.end() && head->second.start.monitor_replaced &&
           start->start == head->second.digests.start;
  });
  if (!said) return "";
  return style.dim(
             "    in head_start_ray_commands, --autoscaling-config becomes --no-monitor "
             "(rayctl.autoscaler: ray keeps it)") +
         "\n";
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
    std::string nodes = node_list(nodes_of(step.action));
    text += "  " + std::to_string(step.id) + " " + verb_of(step.action) +
            (nodes.empty() ? "" : " " + nodes) + ": " + to_text(step.reason) + after;
    if (step.resume) text += ", goes on with operation " + step.resume->text;
    if (!cause_of(step).empty()) text += "\n      because: " + cause_of(step);
    if (!step.fields.empty()) text += "\n      fields: " + join(step.fields, ", ");
    if (!step.disturbs.empty()) text += "\n      disturbs: " + step.disturbs;
    text += "\n";
  }
  return text;
}

}  // namespace

std::string render_plan(const Plan& plan, const PlanViewOptions& options, const Style& style) {
  std::string text = "cluster " + plan.cluster.text;
  if (!options.where.empty()) text += " on " + options.where;
  text +=
      options.serial > 0 ? " · state serial " + std::to_string(options.serial) : " · no state yet";
  if (!options.refreshed.empty()) text += " · " + options.refreshed;
  text += "\n";
  if (!plan.steps.empty()) text += "\n" + render_rows(plan, style);
  text += render_monitor(plan, style);
  if (!plan.left_out.empty()) text += "\n" + render_left_out(plan, style);
  for (const std::string& note : plan.notes)
    text += style.dim("    note: " + note) + "\n";
  for (const std::string& blind : plan.blind_spots) {
    text += "\n" + style.yellow("  not seen: ") + blind + "\n";
  }
  if (!plan.blocked.empty()) {
    text += "\n" + render_diagnostics(plan.blocked, {}, style);
  }
  if (options.explain && !plan.steps.empty()) text += render_steps(plan);
  text += "\n" + style.bold(summary_line(plan)) + "\n";
  if (!plan.blocked.empty()) {
    text += "It cannot be applied until what is marked as error above is decided.\n";
  } else if (summarize(plan).restart > 0 && !options.no_restart && !plan.destroy) {
    text += "With --no-restart files go out, set-up runs, and Ray is not interrupted.\n";
  }
  return text;
}

}  // namespace rayctl
