#include "cli/views/board.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/text.h"
#include "cli/views/diagnostic_view.h"
#include "cli/views/node_list.h"
#include "cli/views/plan_rows.h"

namespace rayctl {

std::string format_took(Millis took) {
  if (took >= Millis{10'000}) return format_age(took);
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s",
                static_cast<double>(std::max<long long>(took.count(), 0)) / 1000);
  return text;
}

Board::Board(const Plan& plan) {
  for (const Step& step : plan.steps) {
    for (const NodeName& node : nodes_of(step.action)) {
      if (!rows_.contains(node)) order_.push_back(node);
      ++rows_[node].left;
      name_width_ = std::max(name_width_, columns(node.text));
    }
  }
  std::sort(order_.begin(), order_.end(), natural_less);
}

void Board::begun(const Step& step, Time at) {
  for (const NodeName& node : nodes_of(step.action)) {
    rows_[node].stages.push_back({.step = step.id, .effect = effect_of(step.action), .begun = at});
  }
}

void Board::progress(const Step& step, const NodeName& node, std::string_view doing) {
  for (Stage& stage : rows_[node].stages) {
    if (stage.step == step.id) stage.doing = printable(doing);
  }
}

void Board::ended(const Step& step, const StepResult& result, Time) {
  using Outcome = StepResult::Outcome;
  for (const NodeName& node : nodes_of(step.action)) {
    Row& row = rows_[node];
    --row.left;
    row.failed = row.failed || result.outcome == Outcome::kFailed;
    for (Stage& stage : row.stages) {
      if (stage.step != step.id) continue;
      stage.state = result.outcome == Outcome::kDone ? Stage::State::kDone : Stage::State::kFailed;
      stage.took = result.took;
    }
  }
}

std::string Board::line(const NodeName& node, const Row& row, Time now, int width,
                        const Style& style) const {
  std::string shown = "  " + pad(node.text, name_width_);
  std::size_t room = static_cast<std::size_t>(std::max(width - 1, 20));
  std::size_t used = columns(shown);
  for (const Stage& stage : row.stages) {
    std::string text = stage.effect + " ";
    if (stage.state == Stage::State::kDone) {
      text += "✓ " + format_took(stage.took);
    } else if (stage.state == Stage::State::kFailed) {
      text += "✗ " + format_took(stage.took);
    } else {
      text += "▌ ";
      if (!stage.doing.empty()) text += stage.doing + " ";
      text += "(" + format_took(std::chrono::duration_cast<Millis>(now - stage.begun)) + ")";
    }
    if (used + 3 >= room) break;
    text = fit(text, room - used - 3);
    used += columns(text) + 3;
    shown += "   ";
    switch (stage.state) {
      case Stage::State::kDone:
        shown += style.green(text);
        break;
      case Stage::State::kFailed:
        shown += style.red(text);
        break;
      case Stage::State::kAtWork:
        shown += text;
        break;
    }
  }
  if (row.stages.empty() && used + 10 < room) shown += style.dim("   waiting");
  return shown;
}

std::vector<std::string> Board::render(Time now, int width, int height, const Style& style) const {
  std::vector<NodeName> shown = order_;
  auto room = static_cast<std::size_t>(std::max(height, 2));
  std::string rest;
  if (order_.size() > room) {
    auto rank = [&](const NodeName& node) {
      const Row& row = rows_.at(node);
      bool at_work = !row.stages.empty() && row.stages.back().state == Stage::State::kAtWork;
      return row.failed ? 0 : at_work ? 1 : row.left > 0 ? 2 : 3;
    };
    std::stable_sort(shown.begin(), shown.end(), [&](const NodeName& one, const NodeName& other) {
      return rank(one) < rank(other);
    });
    std::size_t done = 0, waiting = 0, other = 0;
    for (std::size_t at = room - 1; at < shown.size(); ++at) {
      int each = rank(shown[at]);
      ++(each == 3 ? done : each == 2 ? waiting : other);
    }
    rest = "  … and " + plural(shown.size() - room + 1, "node") + ": " + std::to_string(done) +
           " done, " + std::to_string(waiting) + " waiting";
    if (other > 0) rest += ", " + std::to_string(other) + " at work";
    shown.resize(room - 1);
  }
  std::vector<std::string> lines;
  for (const NodeName& node : shown)
    lines.push_back(line(node, rows_.at(node), now, width, style));
  if (!rest.empty()) lines.push_back(fit(rest, static_cast<std::size_t>(std::max(width - 1, 20))));
  return lines;
}

std::string render_failure(const Step& step, const Error& error, const std::string& config,
                           const Style& style) {
  std::vector<NodeName> nodes = nodes_of(step.action);
  std::string indent = "           ";
  std::string text = "  " + (nodes.empty() ? std::string("cluster") : node_list(nodes)) + "  " +
                     effect_of(step.action) + " " + style.red("✗ " + code_text(error.code)) + "  " +
                     error.message + "\n";
  for (const std::string& line : error.context)
    text += indent + "| " + printable(line) + "\n";
  std::string_view remedy = error_code_info(error.code).remedy;
  if (!remedy.empty()) text += indent + std::string(remedy) + "\n";
  if (nodes.size() == 1) {
    text += indent + "Whole log: rayctl logs " + config + " " + nodes.front().text + "\n";
  }
  return text;
}

ChangeCount count_changes(const Plan& plan, const ApplyReport& report) {
  using Outcome = StepResult::Outcome;
  std::map<std::string, Outcome> worst;  // by node, or by step for those about no node
  for (const StepResult& result : report.steps) {
    if (result.step < 0 || result.step >= static_cast<int>(plan.steps.size())) continue;
    const Step& step = plan.steps[static_cast<std::size_t>(result.step)];
    std::vector<NodeName> nodes = nodes_of(step.action);
    if (nodes.empty()) nodes.push_back({"\n" + std::to_string(step.id)});
    for (const NodeName& node : nodes) {
      auto [at, fresh] = worst.emplace(node.text, result.outcome);
      if (result.outcome == Outcome::kFailed || (at->second == Outcome::kDone && !fresh)) {
        at->second = result.outcome;
      }
    }
  }
  ChangeCount count;
  bool nodes = !worst.empty() && worst.rbegin()->first.front() != '\n';
  for (const auto& [node, outcome] : worst) {
    // Beside nodes, records that were put right are not what anybody counts.
    if (nodes && node.front() == '\n' && outcome == Outcome::kDone) continue;
    ++(outcome == Outcome::kDone     ? count.done
       : outcome == Outcome::kFailed ? count.failed
                                     : count.waiting);
  }
  return count;
}

std::string closing_line(const Plan& plan, const ApplyReport& report) {
  ChangeCount count = count_changes(plan, report);
  auto total = static_cast<std::size_t>(count.total());
  std::string serial = " State is saved (serial " + std::to_string(report.serial) + ")";
  if (report.complete()) return "Applied " + plural(total, "change") + "." + serial + ".";
  std::string line = "Applied " + std::to_string(count.done) + " of " + plural(total, "change");
  if (count.failed > 0) line += "; " + std::to_string(count.failed) + " failed";
  if (count.waiting > 0) line += "; " + std::to_string(count.waiting) + " not begun";
  return line + "." + serial + "; running again is safe.";
}

}  // namespace rayctl
