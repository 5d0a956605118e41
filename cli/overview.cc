#include "cli/overview.h"

#include <algorithm>
#include <set>

#include "cli/views/node_list.h"
#include "model/codec.h"

namespace rayctl {
namespace {

void add_ray(const Looked& looked, NodeOverview& node) {
  auto started = looked.observed.start_running.find(node.id);
  bool asked = looked.observed.ray && looked.observed.ray->ok();
  if (!asked) {
    bool known = started != looked.observed.start_running.end();
    node.ray = !known ? "unknown" : started->second ? "running" : "dead";
    return;
  }
  const auto& nodes = (**looked.observed.ray).nodes;
  auto found = nodes.find(node.id);
  if (found == nodes.end()) {
    node.ray = "absent";
    return;
  }
  const RayNode& ray = found->second;
  node.ray = ray.state == RayNode::State::kAlive      ? "alive"
             : ray.state == RayNode::State::kDraining ? "draining"
                                                      : "dead";
  node.idle = ray.idle;
  node.idle_for = ray.idle_for;
  node.total = ray.total;
  node.available = ray.available;
  node.activity = ray.activity;
}

bool ours(const Snapshot& snapshot, const CloudNode& machine) {
  return machine.cluster &&
         (snapshot.cluster_id.empty() || *machine.cluster == snapshot.cluster_id);
}

}  // namespace

std::vector<NodeOverview> overview(const Looked& looked) {
  const Snapshot& snapshot = looked.snapshot;
  std::map<CloudId, const CloudNode*> machines;
  for (const auto& [provider, listed] : looked.observed.machines) {
    if (!listed) continue;
    for (const CloudNode& machine : *listed)
      machines[machine.id] = &machine;
  }
  std::vector<NodeOverview> nodes;
  std::set<CloudId> recorded;
  for (const auto& [name, record] : snapshot.nodes) {
    NodeOverview node{.name = name,
                      .type = record.type,
                      .head = record.head,
                      .id = record.id,
                      .ip = record.ip,
                      .phase = record.phase,
                      .failure = record.failure};
    recorded.insert(record.id);
    auto listed = looked.observed.machines.find(record.provider);
    bool seen = listed != looked.observed.machines.end() && listed->second.ok();
    auto machine = machines.find(record.id);
    if (machine != machines.end()) {
      if (machine->second->unseen.empty()) node.power = machine->second->power;
      if (!machine->second->internal_ip.empty()) node.ip = machine->second->internal_ip;
    } else if (seen) {
      node.power = Power::kGone;
    }
    add_ray(looked, node);
    nodes.push_back(std::move(node));
  }
  for (const auto& [id, machine] : machines) {
    if (recorded.contains(id) || machine->power == Power::kGone || !ours(snapshot, *machine))
      continue;
    NodeOverview node{.name = machine->name.value_or(NodeName{}),
                      .type = machine->type.value_or(NodeTypeName{}),
                      .head = machine->head,
                      .id = id,
                      .ip = machine->internal_ip,
                      .power = machine->power};
    add_ray(looked, node);
    nodes.push_back(std::move(node));
  }
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const NodeOverview& one, const NodeOverview& other) {
                     if (one.head != other.head) return one.head;
                     return natural_less(one.name, other.name);
                   });
  return nodes;
}

Json to_json(const NodeOverview& node) {
  auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  return {{"name", text(node.name.text)},
          {"type", text(node.type.text)},
          {"head", node.head},
          {"id", text(node.id.text)},
          {"ip", text(node.ip)},
          {"power", node.power ? Json(to_text(*node.power)) : Json()},
          {"phase", node.phase ? Json(to_text(*node.phase)) : Json()},
          {"failure", text(node.failure)},
          {"ray", node.ray},
          {"idle", node.idle},
          {"idle_ms", node.idle_for.count()},
          {"resources_total", node.total},
          {"resources_available", node.available},
          {"activity", node.activity}};
}

Result<CloudNode> running_head(Cluster& cluster, const Looked& looked) {
  if (const CloudNode* head = find_head(looked.snapshot, looked.observed)) return *head;
  for (const auto& [provider, machines] : looked.observed.machines) {
    if (!machines) return in_context(machines.error(), "listing the machines of " + provider.text);
    for (const CloudNode& machine : *machines) {
      if (machine.unseen.empty()) continue;
      return transient(ErrorCode::kConnectionLost,
                       "no head of cluster " + cluster.config().cluster.text + " was seen, and " +
                           machine.id.text + " does not answer: " + machine.unseen);
    }
  }
  return permanent(ErrorCode::kNoSuchNode,
                   "cluster " + cluster.config().cluster.text + " has no running head");
}

}  // namespace rayctl
