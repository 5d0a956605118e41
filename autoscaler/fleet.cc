#include "autoscaler/fleet.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "model/list_lag.h"
#include "model/tags.h"

namespace rayctl {
namespace {

class Joiner {
 public:
  Joiner(const Snapshot& snapshot, const Observed& observed)
      : snapshot_(snapshot), observed_(observed), ours_(snapshot.cluster_id) {}

  Fleet run() {
    if (ours_.empty()) ours_ = id_of_the_head();
    index();
    for (const auto& [name, record] : snapshot_.nodes)
      join(name, record);
    for (const Found& each : unrecorded_in_order())
      adopt(each);
    add_launches();
    std::sort(fleet_.nodes.begin(), fleet_.nodes.end(),
              [](const FleetNode& one, const FleetNode& other) { return one.name < other.name; });
    return std::move(fleet_);
  }

 private:
  struct Found {
    const CloudNode* machine = nullptr;
    ProviderName provider;
    bool recorded = false;
  };

  ClusterId id_of_the_head() const {
    std::set<ClusterId> ids;
    for (const auto& [provider, machines] : observed_.machines) {
      if (!machines || !snapshot_.nodes.empty()) continue;
      for (const CloudNode& machine : *machines) {
        if (machine.head && machine.cluster && machine.power != Power::kGone) {
          ids.insert(*machine.cluster);
        }
      }
    }
    return ids.size() == 1 ? *ids.begin() : ClusterId{};
  }

  bool ours(const CloudNode& machine) const {
    return machine.cluster && !ours_.empty() && *machine.cluster == ours_;
  }

  void index() {
    for (const auto& [provider, machines] : observed_.machines) {
      if (!machines) {
        fleet_.machines_seen = false;
        continue;
      }
      for (const CloudNode& machine : *machines) {
        // Of two listings of one id the one that says more is in use.
        Found& found = machines_[provider][machine.id.text];
        if (found.machine && found.machine->power <= machine.power) continue;
        found = {&machine, provider};
      }
    }
    for (const OpenOp& op : snapshot_.open) {
      if (const auto* end = std::get_if<TerminateNode>(&op.action)) going_.insert(end->id);
      const auto* drain = std::get_if<DrainNode>(&op.action);
      if (drain && !drain->if_idle) going_.insert(drain->id);
      const auto* launch = std::get_if<CreateNodes>(&op.action);
      if (!launch) continue;
      launches_[op.token.text] = &op;
      if (!is_recent(op.begun_at, observed_.at)) continue;
      for (const NodeName& name : launch->nodes)
        launching_.insert(name.text);
    }
    for (const auto& [name, record] : snapshot_.nodes)
      taken_.insert(name.text);
  }

  void join(const NodeName& name, const NodeRecord& record) {
    FleetNode node{.name = name, .type = record.type, .id = record.id, .head = record.head};
    const auto list = observed_.machines.find(record.provider);
    const bool listed = list != observed_.machines.end() && list->second.ok();
    node.unseen = !listed;
    bool going = listed && going_.contains(record.id);
    if (listed) {
      auto& by_id = machines_[record.provider];
      const auto found = by_id.find(record.id.text);
      const bool seen = found != by_id.end() && !found->second.recorded;
      if (!seen) {
        if (!may_be_unlisted(record, launching_.contains(name.text), observed_)) return;
        node.unseen = true;
      } else {
        found->second.recorded = true;
        if (!look(*found->second.machine, node)) return;
        if (node.unseen) going = false;
      }
    }
    fill(record, node, going);
  }

  /// What the machine says of itself; false: it is gone.
  bool look(const CloudNode& machine, FleetNode& node) const {
    node.unseen = !machine.unseen.empty();
    if (node.unseen) return true;
    if (machine.power == Power::kGone || machine.cached) return false;
    node.ends_at = machine.ends_at;
    node.head = node.head || machine.head;
    if (!ours(machine)) {
      node.unseen = true;
      node.stage = FleetNode::Stage::kFailed;
      node.failure = "its machine does not carry this cluster's id";
    } else if (machine.power == Power::kStopping || machine.power == Power::kStopped ||
               !machine.unwanted.empty()) {
      node.stage = FleetNode::Stage::kLeaving;
    }
    return true;
  }

  void fill(const NodeRecord& record, FleetNode& node, bool going) {
    node.since = record.launched_at;
    if (node.failure.empty()) node.failure = record.phase == Phase::kFailed ? record.failure : "";
    const bool decided = node.stage != FleetNode::Stage::kStarting;
    const RayNode* ray = see_ray(node);
    if (!decided) node.stage = stage_of(record, ray);
    if (node.unseen && node.stage == FleetNode::Stage::kLeaving) {
      node.stage = FleetNode::Stage::kFailed;  // it still counts, and has no room
      node.failure = "its machine is not seen";
    }
    if (going) node.stage = FleetNode::Stage::kLeaving;
    fleet_.nodes.push_back(std::move(node));
  }

  FleetNode::Stage stage_of(const NodeRecord& record, const RayNode* ray) const {
    if (ray && ray->state == RayNode::State::kDraining) return FleetNode::Stage::kLeaving;
    if (record.phase == Phase::kDraining) return FleetNode::Stage::kLeaving;
    if (ray && ray->state == RayNode::State::kAlive) return FleetNode::Stage::kRunning;
    if (record.phase == Phase::kFailed) return FleetNode::Stage::kFailed;
    const bool told = observed_.ray && observed_.ray->ok();
    if (!told && record.phase == Phase::kReady) return FleetNode::Stage::kRunning;
    return FleetNode::Stage::kStarting;
  }

  const RayNode* see_ray(FleetNode& node) const {
    if (!observed_.ray || !observed_.ray->ok()) return nullptr;
    const auto& nodes = (**observed_.ray).nodes;
    const auto found = nodes.find(node.id);
    if (found == nodes.end() || node.id.empty()) return nullptr;
    const RayNode& ray = found->second;
    if (ray.state == RayNode::State::kDead) return &ray;
    node.total = ray.total;
    node.available = ray.available;
    node.labels = ray.labels;
    node.idle = ray.idle;
    node.idle_for = ray.idle_for;
    node.activity = ray.activity;
    return &ray;
  }

  std::vector<Found> unrecorded_in_order() const {
    std::vector<Found> loose;
    for (const auto& [provider, by_id] : machines_) {
      for (const auto& [id, found] : by_id) {
        const CloudNode& machine = *found.machine;
        const bool there = machine.power == Power::kPending || machine.power == Power::kRunning;
        if (found.recorded || !there || machine.cached || !machine.unseen.empty()) continue;
        if (ours(machine)) loose.push_back(found);
      }
    }
    std::sort(loose.begin(), loose.end(), [](const Found& one, const Found& other) {
      return std::tie(one.provider, one.machine->id) < std::tie(other.provider, other.machine->id);
    });
    return loose;
  }

  /// A machine of ours that no record knows. The planner gives it a name; until then it has its
  /// own, the first free one of its launch, or its id.
  void adopt(const Found& found) {
    const CloudNode& machine = *found.machine;
    const auto op = machine.token ? launches_.find(machine.token->text) : launches_.end();
    const auto* launch =
        op == launches_.end() ? nullptr : std::get_if<CreateNodes>(&op->second->action);
    NodeRecord record = record_from_tags(machine, found.provider);
    if (record.type.empty() && launch) record.type = launch->type;
    if (record.type.empty()) return;
    FleetNode node{.name = {machine.id.text}, .type = record.type, .id = machine.id};
    node.head = machine.head;
    if (machine.name && taken_.insert(machine.name->text).second) {
      node.name = *machine.name;
    } else if (launch) {
      const auto free =
          std::find_if(launch->nodes.begin(), launch->nodes.end(),
                       [&](const NodeName& name) { return taken_.insert(name.text).second; });
      if (free != launch->nodes.end()) node.name = *free;
    }
    look(machine, node);
    fill(record, node, going_.contains(node.id));
  }

  /// Machines that were asked for and that nothing shows yet.
  void add_launches() {
    for (const OpenOp& op : snapshot_.open) {
      const auto* launch = std::get_if<CreateNodes>(&op.action);
      if (!launch) continue;
      for (const NodeName& name : launch->nodes) {
        if (!taken_.insert(name.text).second) continue;
        fleet_.nodes.push_back({.name = name,
                                .type = launch->type,
                                .stage = FleetNode::Stage::kAsked,
                                .since = op.begun_at});
      }
    }
  }

  const Snapshot& snapshot_;
  const Observed& observed_;
  ClusterId ours_;
  Fleet fleet_;
  std::map<ProviderName, std::unordered_map<std::string_view, Found>> machines_;
  std::unordered_set<CloudId> going_;
  std::unordered_map<std::string_view, const OpenOp*> launches_;  ///< by token
  std::unordered_set<std::string> launching_;  ///< names in launches begun a moment ago
  std::unordered_set<std::string> taken_;      ///< names
};

}  // namespace

Fleet make_fleet(const Snapshot& snapshot, const Observed& observed) {
  return Joiner(snapshot, observed).run();
}

}  // namespace rayctl
