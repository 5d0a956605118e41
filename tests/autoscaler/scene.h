#pragma once
#include <string>
#include <vector>

#include "autoscaler/arrange.h"

namespace rayctl {

/// What a decision is made of, put together by hand: a head, worker types and nodes at one moment.
struct Scene {
  static constexpr Time kNow{Millis{1'700'000'000'000}};

  Load load;
  Config config;
  Fleet fleet;
  Memory memory;
  Brakes brakes;
  DecideOptions options;

  Scene() {
    config.head_type = {"head"};
    config.max_workers = 100;
    config.node_types.push_back({.name = {"head"}});
    add_node("head", "head-1").head = true;
  }

  NodeTypeConfig& add_type(const std::string& name, Resources resources, int most = 10) {
    config.node_types.push_back(
        {.name = {name}, .max_workers = most, .resources = std::move(resources)});
    return config.node_types.back();
  }

  NodeTypeConfig& type(const std::string& name) {
    for (NodeTypeConfig& each : config.node_types) {
      if (each.name.text == name) return each;
    }
    return config.node_types.front();
  }

  /// A running node with all that its type has, in use by none and not idle.
  FleetNode& add_node(const std::string& of, const std::string& name) {
    FleetNode node{.name = {name}, .type = {of}, .id = {"m:" + name}};
    node.stage = FleetNode::Stage::kRunning;
    node.total = node.available = type(of).resources;
    fleet.nodes.push_back(std::move(node));
    return fleet.nodes.back();
  }

  FleetNode& add_idle(const std::string& of, const std::string& name, Millis idle) {
    FleetNode& node = add_node(of, name);
    node.idle = true;
    node.idle_for = idle;
    memory.idle_since[node.name] = kNow - idle;
    memory.last_tick = kNow;
    return node;
  }

  Scene& wait(Resources bundle, std::int64_t count = 1, std::vector<LabelSelector> selectors = {}) {
    load.demands.push_back({{std::move(bundle), std::move(selectors)}, count});
    return *this;
  }

  Decision decide() const { return arrange(load, config, fleet, memory, brakes, kNow, options); }
};

/// Small workers, and two at most with GPUs.
inline Scene cpu_and_gpu() {
  Scene scene;
  scene.add_type("cpu", {{"CPU", 4}});
  scene.add_type("gpu", {{"CPU", 8}, {"GPU", 4}}, 2);
  return scene;
}

inline int launched(const Decision& decision, const std::string& type) {
  const auto found = decision.launch.find({type});
  return found == decision.launch.end() ? 0 : found->second;
}

/// "gpu-1: idle for 10 min, longer than 5 min"; one line a release.
inline std::string releases(const Decision& decision) {
  std::string text;
  for (const Release& each : decision.release)
    text += each.node.text + ": " + each.because + "\n";
  return text;
}

/// Why each request has no place; "!" before what is impossible.
inline std::string unmet(const Decision& decision) {
  std::string text;
  for (const Unmet& each : decision.unmet)
    text += (each.impossible ? "! " : "") + std::to_string(each.count) + ": " + each.because + "\n";
  return text;
}

inline std::string reasons(const Decision& decision) {
  std::string text;
  for (const DecisionReason& each : decision.reasons) {
    text += (each.node.empty() ? each.type.text : each.node.text) + " " +
            std::to_string(each.count) + ": " + each.text + "\n";
  }
  return text;
}

}  // namespace rayctl
