#include "cli/views/status_view.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"
#include "cli/output.h"
#include "cli/run.h"
#include "model/codec.h"

namespace rayctl {
namespace {

std::string amount(const std::string& resource, double value) {
  if (resource.ends_with("memory")) return format_bytes(static_cast<unsigned long long>(value));
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

/// "CPU 1/2, memory 1.0/4.0 GB": used of all; Ray's own node:... markers are left out.
std::string resources_of(const NodeOverview& node) {
  std::string text;
  for (const auto& [name, total] : node.total) {
    if (name.starts_with("node:") || name == "object_store_memory") continue;
    auto available = node.available.find(name);
    double used = total - (available == node.available.end() ? 0 : available->second);
    text +=
        (text.empty() ? "" : ", ") + name + " " + amount(name, used) + "/" + amount(name, total);
  }
  return text;
}

std::string state_of(const NodeOverview& node) {
  if (!node.power) return "not seen";
  if (*node.power != Power::kRunning) return to_text(*node.power);
  return node.phase ? to_text(*node.phase) : "not recorded";
}

std::string ray_of(const NodeOverview& node) {
  if (node.ray != "alive" || !node.idle) return node.ray;
  return "alive, idle " + format_age(node.idle_for);
}

std::map<NodeTypeName, int> running_by_type(const std::vector<NodeOverview>& nodes) {
  std::map<NodeTypeName, int> counts;
  for (const NodeOverview& node : nodes) {
    if (!node.head && node.power == Power::kRunning) ++counts[node.type];
  }
  return counts;
}

}  // namespace

std::string render_status(const Config& config, const Looked& looked,
                          const std::vector<NodeOverview>& nodes, const Style& style) {
  using Cells = std::array<std::string, 6>;
  std::vector<Cells> rows{{"NODE", "TYPE", "STATE", "RAY", "ADDRESS", "USED"}};
  for (const NodeOverview& node : nodes) {
    rows.push_back({node.name.empty() ? "(unnamed)" : node.name.text, node.type.text,
                    state_of(node), ray_of(node), node.ip, resources_of(node)});
  }
  std::array<std::size_t, 6> widths{};
  for (const Cells& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at) {
      widths[at] = std::max(widths[at], columns(row[at]));
    }
  }
  std::string text =
      "cluster " + config.cluster.text + " on " + place_of(config) + " · " +
      (looked.snapshot.serial > 0 ? "state serial " + std::to_string(looked.snapshot.serial)
                                  : std::string("no state yet")) +
      "\n\n";
  if (nodes.empty()) text += "  no nodes\n";
  for (std::size_t at = 0; at < rows.size() && !nodes.empty(); ++at) {
    std::string line = " ";
    for (std::size_t cell = 0; cell < widths.size(); ++cell) {
      line += " " + pad(rows[at][cell], widths[cell]) + " ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += (at == 0 ? style.dim(line) : line) + "\n";
    if (at > 0 && !nodes[at - 1].failure.empty()) {
      text += "    " + style.red("failed: ") + nodes[at - 1].failure + "\n";
    }
  }
  text += "\n";
  std::map<NodeTypeName, int> counts = running_by_type(nodes);
  for (const NodeTypeConfig& type : config.node_types) {
    if (type.name == config.head_type) continue;
    text += "  " + type.name.text + ": " + std::to_string(counts[type.name]) + " running, min " +
            std::to_string(type.min_workers) + ", max " + std::to_string(type.max_workers) + "\n";
  }
  if (!looked.snapshot.open.empty()) {
    text += "  " + plural(looked.snapshot.open.size(), "operation") +
            " begun and not finished: the next apply goes on with it\n";
  }
  for (const auto& [provider, machines] : looked.observed.machines) {
    if (!machines) text += style.yellow("  not seen: ") + machines.error().message + "\n";
  }
  if (looked.observed.ray && !looked.observed.ray->ok()) {
    text +=
        style.yellow("  Ray could not be asked: ") + looked.observed.ray->error().message + "\n";
  }
  return text;
}

Json status_json(const Config& config, const Looked& looked,
                 const std::vector<NodeOverview>& nodes) {
  Json list = Json::array(), types = Json::array(), blind = Json::array();
  for (const NodeOverview& node : nodes)
    list.push_back(to_json(node));
  std::map<NodeTypeName, int> counts = running_by_type(nodes);
  for (const NodeTypeConfig& type : config.node_types) {
    if (type.name == config.head_type) continue;
    types.push_back({{"name", type.name.text},
                     {"running", counts[type.name]},
                     {"min_workers", type.min_workers},
                     {"max_workers", type.max_workers}});
  }
  for (const auto& [provider, machines] : looked.observed.machines) {
    if (!machines)
      blind.push_back({{"provider", provider.text}, {"error", to_json(machines.error())}});
  }
  bool refused = looked.observed.ray && !looked.observed.ray->ok();
  return {{"format_version", kOutputFormat},
          {"cluster", config.cluster.text},
          {"cluster_id",
           looked.snapshot.cluster_id.empty() ? Json() : Json(looked.snapshot.cluster_id.text)},
          {"provider", config.provider.text},
          {"serial", looked.snapshot.serial},
          {"nodes", list},
          {"node_types", types},
          {"open_operations", looked.snapshot.open.size()},
          {"blind_spots", blind},
          {"ray_error", refused ? to_json(looked.observed.ray->error()) : Json()}};
}

}  // namespace rayctl
