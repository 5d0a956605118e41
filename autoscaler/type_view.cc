#include <algorithm>

#include "autoscaler/seats.h"

namespace rayctl {
namespace {

/// What Ray or a placement group adds to one node is not of its type.
bool of_the_type(const std::string& resource) {
  return !resource.starts_with("node:") && resource.find("_group_") == std::string::npos;
}

/// What a running node of a type has, for a type of which the file says nothing.
Resources seen_resources(const Census& census, int type) {
  Resources seen;
  for (const Resident& each : census.residents()) {
    if (each.type != type || each.node->total.empty()) continue;
    seen = each.node->total;
    std::erase_if(seen, [](const auto& one) { return !of_the_type(one.first); });
    break;
  }
  return seen;
}

/// After a quarantine one node at a time tries: one that is there already, else a new one.
bool someone_tries(const Census& census, int type) {
  return std::any_of(census.residents().begin(), census.residents().end(), [&](const auto& each) {
    return each.type == type && each.stays() && each.node->stage != FleetNode::Stage::kRunning;
  });
}

void limit(TypeView& view, int index, const Config& config, const Census& census,
           const Brakes& brakes) {
  const NodeTypeConfig& type = *view.config;
  if (type.name == config.head_type) {
    view.blocked = type.name.text + " is the head's";
    return;
  }
  view.places = std::max(0, std::max(0, type.max_workers) - census.count(index));
  if (census.frozen(index)) view.blocked = type.name.text + " is paused";
  const auto pace = brakes.pace.find(type.name);
  if (pace != brakes.pace.end()) {
    view.favour.availability = pace->second.availability;
    if (view.blocked.empty() && !pace->second.open) {
      view.blocked = type.name.text + ": " + pace->second.closed_because;
    } else if (view.blocked.empty() && pace->second.one_tries) {
      if (someone_tries(census, index)) {
        view.blocked = type.name.text + " failed before: one node tries first";
      } else {
        view.places = std::min(view.places, 1);
      }
    }
  }
  if (!view.blocked.empty()) view.places = 0;
}

}  // namespace

std::vector<TypeView> view_types(const Config& config, const Census& census, const Brakes& brakes) {
  std::vector<TypeView> views;
  for (std::size_t i = 0; i < config.node_types.size(); ++i) {
    const NodeTypeConfig& type = config.node_types[i];
    const int index = static_cast<int>(i);
    TypeView view{.config = &type, .resources = type.resources, .labels = type.labels};
    if (view.resources.empty()) view.resources = seen_resources(census, index);
    view.labels.try_emplace("ray.io/node-group", type.name.text);
    view.favour.priority = type.priority;
    limit(view, index, config, census, brakes);
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace rayctl
