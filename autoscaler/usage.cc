#include <algorithm>
#include <cmath>

#include "autoscaler/pacing.h"

namespace rayctl {
namespace {

constexpr double kDefaultFraction = 0.8;
constexpr double kLeastFraction = 0.001;
/// What sums of shares are off by at most.
constexpr double kRounding = 1e-9;

/// The largest share of one of its resources that is in use, 0..1.
double use_of(const FleetNode& node) {
  double most = 0;
  for (const auto& [name, total] : node.total) {
    if (!(total > 0)) continue;
    const auto found = node.available.find(name);
    const double free = found == node.available.end() ? 0 : found->second;
    most = std::max(most, (total - free) / total);
  }
  return std::min(most, 1.0);
}

}  // namespace

NodeTypeName default_worker_type(const Config& config) {
  const auto found =
      std::find_if(config.node_types.begin(), config.node_types.end(),
                   [&](const NodeTypeConfig& type) { return type.name != config.head_type; });
  return found == config.node_types.end() ? NodeTypeName{} : found->name;
}

std::optional<int> usage_wish(const Config& config, const Fleet& fleet, Memory& memory) {
  const NodeTypeConfig* type = config.find(default_worker_type(config));
  if (!type || !(config.older_form || config.target_utilization_fraction)) return std::nullopt;
  double used = 0;
  int connected = 0;
  for (const FleetNode& node : fleet.nodes) {
    if (node.stage != FleetNode::Stage::kRunning) continue;
    used += use_of(node);
    if (!node.head && node.type == type->name) ++connected;
  }
  const double fraction =
      std::max(config.target_utilization_fraction.value_or(kDefaultFraction), kLeastFraction);
  double ideal = std::ceil(used / fraction - kRounding) - 1;  // without the head
  const bool aggressive = config.autoscaling_mode == "aggressive";
  if (!memory.brought_up || (aggressive && used > 0)) {
    ideal = std::max(ideal, static_cast<double>(config.initial_workers));
  }
  const int most = std::max(std::min(type->max_workers, config.max_workers), 0);
  const int wish = std::max(static_cast<int>(std::clamp(ideal, 0.0, static_cast<double>(most))),
                            std::min(type->min_workers, most));
  if (connected >= wish) memory.brought_up = true;
  return wish;
}

}  // namespace rayctl
