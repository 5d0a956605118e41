#include "cli/views/simulation_view.h"

#include <array>
#include <cstdio>

#include "autoscaler/words.h"
#include "base/text.h"
#include "cli/output.h"
#include "model/gang_strategy.h"

namespace rayctl {
namespace {

std::string hours(double count) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", count);
  return text.data();
}

std::string in_seconds(Millis span) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.0f s", static_cast<double>(span.count()) / 1000);
  return text.data();
}

double seconds(Millis span) {
  return static_cast<double>(span.count()) / 1000;
}

}  // namespace

std::string render_simulation(const SimulationResult& result, const Style& style) {
  using Cells = std::array<std::string, 7>;
  std::vector<Cells> rows{
      {"TYPE", "NODE-HOURS", "MOST", "LAUNCHED", "REMOVED", "LAUNCH FAILED", "SET-UP FAILED"}};
  for (const auto& [type, use] : result.types) {
    rows.push_back({type.text, hours(use.node_hours), std::to_string(use.most),
                    std::to_string(use.launched), std::to_string(use.removed),
                    std::to_string(use.launch_failures), std::to_string(use.set_up_failures)});
  }
  std::array<std::size_t, 7> widths{};
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string text =
      in_seconds(result.length) + " in " + plural(result.samples.size(), "decision") + "\n\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line = "  " + pad(rows[i][0], widths[0]);
    for (std::size_t cell = 1; cell < widths.size(); ++cell)
      line += "  " + std::string(widths[cell] - columns(rows[i][cell]), ' ') + rows[i][cell];
    text += (i == 0 ? style.dim(line) : line) + "\n";
  }
  const SimulationResult::Waits& waits = result.waits;
  text += "\n  " + std::to_string(waits.count) + " placed; waited " + in_seconds(waits.mean) +
          " in the mean, half of them at most " + in_seconds(waits.half) + ", 95 % at most " +
          in_seconds(waits.most_of_all) + ", the longest " + in_seconds(waits.longest) + "\n";
  if (result.unplaced > 0) {
    text +=
        style.red("  " + std::to_string(result.unplaced) + " without a place at the end") + "\n";
  }
  for (const Unmet& each : result.unmet) {
    const std::string what = each.kind == Unmet::Kind::kGang
                                 ? each.gang.id + " (" + ray_name(each.gang.strategy) + ")"
                                 : std::to_string(each.count) + " x " + in_words(each.request);
    text += "    " + what + ": " + each.because + "\n";
  }
  return text;
}

Json simulation_json(const SimulationResult& result) {
  Json types = Json::array(), unmet = Json::array(), samples = Json::array();
  for (const auto& [type, use] : result.types) {
    types.push_back({{"type", type.text},
                     {"node_hours", use.node_hours},
                     {"most", use.most},
                     {"launched", use.launched},
                     {"removed", use.removed},
                     {"launch_failures", use.launch_failures},
                     {"set_up_failures", use.set_up_failures}});
  }
  for (const Unmet& each : result.unmet) {
    unmet.push_back(
        {{"count", each.count},
         {"what", each.kind == Unmet::Kind::kGang ? each.gang.id : in_words(each.request)},
         {"impossible", each.impossible},
         {"because", each.because}});
  }
  for (const SimulationResult::Sample& each : result.samples) {
    samples.push_back({{"at_s", seconds(each.at)},
                       {"waiting", each.waiting},
                       {"running", each.running},
                       {"wanted", each.wanted},
                       {"nodes", each.nodes}});
  }
  const SimulationResult::Waits& waits = result.waits;
  return {{"format_version", kOutputFormat},
          {"length_s", seconds(result.length)},
          {"node_types", types},
          {"waits",
           {{"count", waits.count},
            {"mean_s", seconds(waits.mean)},
            {"p50_s", seconds(waits.half)},
            {"p95_s", seconds(waits.most_of_all)},
            {"max_s", seconds(waits.longest)}}},
          {"unplaced", result.unplaced},
          {"unmet", unmet},
          {"samples", samples}};
}

}  // namespace rayctl
