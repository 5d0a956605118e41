#include "autoscaler/pacing.h"

#include <algorithm>
#include <cmath>

#include "autoscaler/patience.h"
#include "base/text.h"

namespace rayctl {
namespace {

/// As many are always let go at once (Ray's upscaling_initial_num_workers).
constexpr int kLeastAtOnce = 5;
constexpr int kMostAtOnce = 1'000'000;
/// What Ray takes autoscaling_mode: aggressive for.
constexpr double kAggressive = 99'999;

std::string in_words(const Trouble& trouble, Time now) {
  const auto times = static_cast<std::size_t>(std::max(trouble.in_a_row, 1));
  std::string text;
  switch (trouble.kind) {
    case Happened::Kind::kSetUpFailed:
      text = "set-up failed " + plural(times, "time");
      break;
    case Happened::Kind::kJoinFailed:
      text = plural(times, "node") + " did not join";
      break;
    default:
      text = plural(times, "launch") + " failed";
  }
  if (trouble.retry_at > now) text += ", next try in " + format_age(trouble.retry_at - now);
  if (!trouble.what.empty()) text += ": " + trouble.what;
  return text;
}

LaunchPace pace_of(const std::map<std::string, Trouble>& places, Time now) {
  LaunchPace pace;
  for (const auto& [place, trouble] : places) {
    pace.availability *= recovered(trouble, now);
    if (!place.empty()) continue;
    if (trouble.retry_at > now) {
      pace.open = false;
      pace.opens_at = trouble.retry_at;
      pace.closed_because = in_words(trouble, now);
    } else {
      pace.one_tries = is_quarantine(trouble.kind);
    }
  }
  return pace;
}

int whole(double value) {
  if (!(value > 0)) return 0;
  return static_cast<int>(std::min(value, static_cast<double>(kMostAtOnce)));
}

}  // namespace

std::map<NodeTypeName, LaunchPace> launch_pace(const Memory& memory, const Config& config,
                                               Time now) {
  std::map<NodeTypeName, LaunchPace> paces;
  for (const NodeTypeConfig& type : config.node_types) {
    const auto found = memory.trouble.find(type.name);
    paces[type.name] = found == memory.trouble.end() ? LaunchPace{} : pace_of(found->second, now);
  }
  return paces;
}

int launch_limit(const Config& config, const NodeTypeName& type, const Fleet& fleet) {
  int running = 0;
  int on_their_way = 0;
  for (const FleetNode& node : fleet.nodes) {
    if (node.head || node.type != type) continue;
    if (node.stage == FleetNode::Stage::kRunning) ++running;
    if (node.stage == FleetNode::Stage::kAsked || node.stage == FleetNode::Stage::kStarting) {
      ++on_their_way;
    }
  }
  const int at_once = whole(upscaling_speed(config) * std::max(running, 1));
  return std::max(std::max(kLeastAtOnce, at_once) - on_their_way, 0);
}

double upscaling_speed(const Config& config) {
  const bool aggressive = config.autoscaling_mode == "aggressive";
  return aggressive && config.upscaling_speed == 1.0 ? kAggressive : config.upscaling_speed;
}

}  // namespace rayctl
