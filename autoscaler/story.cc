#include "autoscaler/story.h"

#include <algorithm>

namespace rayctl {
namespace {

std::string launch_reasons(const Decision& decision, const NodeTypeName& type) {
  std::string text;
  for (const DecisionReason& each : decision.reasons) {
    if (each.type != type || !each.node.empty()) continue;
    text += (text.empty() ? "" : "; ") + each.text;
  }
  return text;
}

double timeout_of(const Config& config, const NodeTypeName& name) {
  const NodeTypeConfig* type = config.find(name);
  return type && type->idle_timeout_s ? *type->idle_timeout_s : config.idle_timeout_minutes * 60;
}

}  // namespace

void Storyteller::hear(const Tick& tick) {
  const auto found = std::find_if(tick.fleet.nodes.begin(), tick.fleet.nodes.end(),
                                  [&](const FleetNode& node) { return node.name == story_.node; });
  if (found != tick.fleet.nodes.end()) {
    present(tick, *found);
  } else if (story_.first && !story_.gone) {
    story_.gone = {tick.number, tick.at, ""};
  }
  for (const auto& [type, count] : tick.decision.launch) {
    if (count > 0 && !story_.first) {
      launches_[type] = {tick.number, tick.at, launch_reasons(tick.decision, type)};
    }
  }
  began_ = true;
}

void Storyteller::present(const Tick& tick, const FleetNode& node) {
  if (story_.gone) {  // a later node of the same name
    const auto launches = std::move(launches_);
    story_ = {.node = story_.node};
    launches_ = launches;
  }
  if (!story_.first) {
    story_.first = {tick.number, tick.at, ""};
    story_.from_the_start = !began_;
    const auto launch = launches_.find(node.type);
    if (launch != launches_.end()) story_.launched = launch->second;
  }
  if (!story_.joined && node.stage == FleetNode::Stage::kRunning) {
    story_.joined = {tick.number, tick.at, ""};
  }
  if (node.stage == FleetNode::Stage::kFailed && story_.last.failure != node.failure) {
    story_.failed = {tick.number, tick.at, node.failure};
  }
  story_.last = node;
  story_.idle = idle_time(tick.decision.memory, node, tick.at);
  story_.timeout_s = timeout_of(tick.config, node.type);
  story_.held = tick.decision.hold.contains(node.name);
  story_.kept.clear();
  for (const DecisionReason& each : tick.decision.reasons) {
    if (each.node == node.name) story_.kept = each.text;
  }
  const auto& releases = tick.decision.release;
  const auto release = std::find_if(releases.begin(), releases.end(),
                                    [&](const Release& each) { return each.node == node.name; });
  if (release != releases.end()) {
    if (!story_.released) story_.released = {tick.number, tick.at, release->because};
  } else if (node.stage != FleetNode::Stage::kLeaving) {
    story_.released.reset();
  }
}

}  // namespace rayctl
