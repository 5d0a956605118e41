#include "cli/views/tick_view.h"

#include "autoscaler/words.h"
#include "base/text.h"
#include "model/gang_strategy.h"

namespace rayctl {
namespace {

std::string launch_line(const Decision& decision, const NodeTypeName& type, int count) {
  std::string text = "launch " + std::to_string(count) + " " + type.text;
  const char* separator = ": ";
  for (const DecisionReason& each : decision.reasons) {
    if (each.type != type || !each.node.empty()) continue;
    text += separator + each.text;
    separator = "; ";
  }
  return text;
}

std::string unmet_line(const Unmet& unmet, const Style& style) {
  std::string what =
      unmet.kind == Unmet::Kind::kGang
          ? "placement group " + unmet.gang.id + " (" + ray_name(unmet.gang.strategy) + ")"
          : std::to_string(unmet.count) + " x " + in_words(unmet.request);
  if (unmet.kind == Unmet::Kind::kAsked) what += " of request_resources";
  const std::string verdict = unmet.impossible ? style.red("impossible") : "no place";
  return verdict + ": " + what + ": " + unmet.because;
}

std::vector<std::string> lines_of(const Tick& tick, const Style& style) {
  std::vector<std::string> lines;
  for (const auto& [type, count] : tick.decision.launch) {
    if (count > 0) lines.push_back(style.green(launch_line(tick.decision, type, count)));
  }
  for (const Release& each : tick.decision.release)
    lines.push_back(style.yellow("remove " + each.node.text) + ": " + each.because);
  for (const Unmet& each : tick.decision.unmet)
    lines.push_back(unmet_line(each, style));
  lines.insert(lines.end(), tick.done.begin(), tick.done.end());
  return lines;
}

}  // namespace

std::string time_for_people(Time time) {
  std::string text = format_time(time).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string render_tick(const Tick& tick, const Style& style) {
  const std::string head = time_for_people(tick.at) + "  tick " + std::to_string(tick.number);
  std::vector<std::string> lines = lines_of(tick, style);
  if (lines.empty()) lines.emplace_back("nothing to do");
  std::string text = style.dim(head) + "  " + lines.front() + "\n";
  for (std::size_t i = 1; i < lines.size(); ++i)
    text += std::string(columns(head) + 2, ' ') + lines[i] + "\n";
  return text;
}

Json tick_json(const Tick& tick) {
  Json decision = to_json(tick.decision);
  return {{"number", tick.number},
          {"at", format_time(tick.at)},
          {"launch", decision["launch"]},
          {"release", decision["release"]},
          {"unmet", decision["unmet"]},
          {"reasons", decision["reasons"]},
          {"done", tick.done}};
}

bool worth_telling(const Tick& tick, const Tick* before) {
  for (const auto& [type, count] : tick.decision.launch) {
    if (count > 0) return true;
  }
  if (!tick.decision.release.empty() || !tick.done.empty()) return true;
  return before ? tick.decision.unmet != before->decision.unmet : !tick.decision.unmet.empty();
}

std::string render_replay(const Tick& tick, const std::vector<ReplayDifference>& differences,
                          const Style& style) {
  const std::string head = "tick " + std::to_string(tick.number) + "  ";
  if (differences.empty()) return head + "the same\n";
  std::string text = head + style.red("different") + "\n";
  for (const ReplayDifference& each : differences) {
    text += "  " + each.where + "\n    recorded  " + each.recorded.dump() + "\n    now       " +
            each.now.dump() + "\n";
  }
  return text;
}

Json replay_json(const Tick& tick, const std::vector<ReplayDifference>& differences) {
  Json list = Json::array();
  for (const ReplayDifference& each : differences)
    list.push_back({{"where", each.where}, {"recorded", each.recorded}, {"now", each.now}});
  return {{"number", tick.number}, {"same", differences.empty()}, {"differences", list}};
}

}  // namespace rayctl
