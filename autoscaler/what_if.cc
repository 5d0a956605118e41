#include "autoscaler/what_if.h"

#include <algorithm>

#include "autoscaler/fits.h"
#include "autoscaler/replay.h"

namespace rayctl {
namespace {

std::int64_t waiting(const Load& load, const ResourceRequest& request) {
  std::int64_t count = 0;
  for (const Demand& each : load.demands) {
    if (each.request == request) count += each.count;
  }
  return count;
}

/// Those without a place, and the last word on why.
std::int64_t unplaced(const Decision& decision, const ResourceRequest& request, WhatIf& answer) {
  std::int64_t count = 0;
  for (const Unmet& each : decision.unmet) {
    if (each.kind != Unmet::Kind::kDemand || each.request != request) continue;
    count += each.count;
    answer.kind = each.impossible ? WhatIf::Kind::kImpossible : WhatIf::Kind::kWaits;
    answer.because = each.because;
  }
  return count;
}

std::vector<NodeName> nodes_with_room(const Fleet& fleet, const ResourceRequest& request) {
  std::vector<NodeName> nodes;
  for (const FleetNode& node : fleet.nodes) {
    if (node.stage == FleetNode::Stage::kRunning && has_room(node.available, request.bundle) &&
        labels_suit(node.labels, request)) {
      nodes.push_back(node.name);
    }
  }
  return nodes;
}

}  // namespace

WhatIf what_if(const Tick& tick, const ResourceRequest& request) {
  Tick more = tick;
  more.load.demands.push_back({.request = request});
  const Decision before = decide_again(tick);
  const Decision after = decide_again(more);
  WhatIf answer{.waiting = waiting(tick.load, request)};
  WhatIf ignored;
  if (unplaced(after, request, answer) > unplaced(before, request, ignored)) return answer;
  answer.because.clear();
  for (const auto& [type, count] : after.launch) {
    const auto was = before.launch.find(type);
    if (count <= (was == before.launch.end() ? 0 : was->second)) continue;
    answer.kind = WhatIf::Kind::kLaunches;
    answer.type = type;
    for (const DecisionReason& each : after.reasons) {
      if (each.type == type && each.node.empty()) answer.because = each.text;
    }
    return answer;
  }
  answer.nodes = nodes_with_room(tick.fleet, request);
  answer.kind = answer.nodes.empty() ? WhatIf::Kind::kOnItsWay : WhatIf::Kind::kFits;
  return answer;
}

}  // namespace rayctl
