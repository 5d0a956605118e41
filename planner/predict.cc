#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "model/record_rules.h"
#include "model/tags.h"
#include "planner/node_names.h"
#include "planner/planner.h"

namespace rayctl {
namespace {

/// A perfect run of a plan, step by step.
class Simulation {
 public:
  Simulation(const Plan& plan, const Snapshot& snapshot, const Observed& observed)
      : plan_(plan), now_{snapshot, observed} {
    if (now_.snapshot.cluster_id.empty()) now_.snapshot.cluster_id = plan.cluster_id;
    if (now_.snapshot.cluster_id.empty() && !plan.steps.empty()) {
      now_.snapshot.cluster_id.text = "new:" + plan.cluster.text;
    }
    if (!plan.cluster.empty()) now_.snapshot.cluster = plan.cluster;
    for (auto& [provider, machines] : now_.observed.machines) {
      if (!machines) continue;
      auto& places = places_[provider];
      for (std::size_t i = 0; i < (*machines).size(); ++i)
        places[(*machines)[i].id] = i;
    }
  }

  Outcome run() {
    for (const Step& step : plan_.steps)
      perform(step);
    sweep();
    Snapshot& snapshot = now_.snapshot;
    std::erase_if(snapshot.open, [&](const OpenOp& op) {
      return std::find(closed_.begin(), closed_.end(), op.token) != closed_.end();
    });
    snapshot.config = plan_.config;
    snapshot.overrides = plan_.overrides;
    snapshot.breakdown.insert(plan_.breakdown.begin(), plan_.breakdown.end());
    ++snapshot.epoch;
    snapshot.serial += 2 * static_cast<std::int64_t>(plan_.steps.size()) + 1;
    return std::move(now_);
  }

 private:
  void perform(const Step& step) {
    if (step.resume) closed_.push_back(*step.resume);
    std::visit([&](const auto& action) { act(action, step); }, step.action);
  }

  NodeRecord* record(const NodeName& name) {
    const auto found = now_.snapshot.nodes.find(name);
    return found == now_.snapshot.nodes.end() ? nullptr : &found->second;
  }

  CloudNode* machine(const ProviderName& provider, const CloudId& id) {
    const auto machines = now_.observed.machines.find(provider);
    if (machines == now_.observed.machines.end() || !machines->second) return nullptr;
    const auto& places = places_[provider];
    const auto place = places.find(id);
    return place == places.end() ? nullptr : &(*machines->second)[place->second];
  }

  void raise_highest(const NodeTypeName& type, const NodeName& name) {
    const std::int64_t number = planning::parts_of(name).number;
    int& highest = now_.snapshot.highest[type];
    highest = std::max(highest, static_cast<int>(std::max<std::int64_t>(number, 0)));
  }

  void act(const CreateNodes& action, const Step& step) {
    const auto spec = plan_.specs.find(action.type);
    if (spec == plan_.specs.end()) return;
    const ProviderName& provider = spec->second.provider;
    auto& machines =
        now_.observed.machines.try_emplace(provider, std::vector<CloudNode>()).first->second;
    for (const NodeName& name : action.nodes) {
      raise_highest(action.type, name);
      if (!machines || now_.snapshot.nodes.contains(name)) continue;
      CloudNode made{.id = {"new:" + name.text},
                     .cluster = now_.snapshot.cluster_id,
                     .name = name,
                     .type = action.type,
                     .token = step.resume,
                     .head = spec->second.head};
      NodeRecord& fresh = now_.snapshot.nodes[name];
      fresh = {.type = action.type, .provider = provider, .head = made.head, .id = made.id};
      fresh.applied.launch = spec->second.digests.launch;
      fresh.made_by = step.resume;
      fresh.launched_at = now_.observed.at;
      places_[provider][made.id] = (*machines).size();
      (*machines).push_back(std::move(made));
    }
  }

  /// Something was put on the node; its record if it has one.
  NodeRecord* put(const NodeName& name, Digest SpecDigests::*what, const Digest& digest) {
    NodeRecord* node = record(name);
    if (node == nullptr) return nullptr;
    node->applied.*what = digest;
    make_ready_again(*node);
    return node;
  }

  void act(const PrepareContainer& action, const Step&) {
    NodeRecord* node = put(action.node, &SpecDigests::docker, action.docker);
    if (node != nullptr) node->applied.files = node->applied.setup = {};
  }
  void act(const SyncFiles& action, const Step&) {
    put(action.node, &SpecDigests::files, action.files);
  }
  void act(const SyncFromHead& action, const Step&) {
    put(action.node, &SpecDigests::synced, action.synced);
  }
  void act(const SetUpNode& action, const Step&) {
    put(action.node, &SpecDigests::setup, action.setup);
  }

  void act(const StartRay& action, const Step&) {
    NodeRecord* node = record(action.node);
    if (node == nullptr) return;
    node->phase = Phase::kReady;
    node->failure.clear();
    node->running = {.docker = node->applied.docker,
                     .files = node->applied.files,
                     .setup = node->applied.setup,
                     .start = action.start};
    now_.observed.start_running[node->id] = true;
    auto& ray = now_.observed.ray;
    if (!ray || (!*ray && !node->head)) return;
    if (node->head) ray = Result<RayView>(keep_alive());
    (**ray).nodes[node->id] = {.idle = true, .ip = node->ip};
  }

  /// What a head that has just started knows of its workers: those whose Ray we did not stop come
  /// back to it.
  RayView keep_alive() {
    RayView view;
    for (const auto& [name, node] : now_.snapshot.nodes) {
      if (node.head || node.running == SpecDigests{}) continue;
      view.nodes[node.id] = {.idle = true, .ip = node.ip};
    }
    return view;
  }

  void act(const StopRay& action, const Step&) {
    NodeRecord* node = record(action.node);
    if (node == nullptr) return;
    node->running = {};
    now_.observed.start_running[node->id] = false;
    forget_ray(node->id);
  }

  void act(const DrainNode& action, const Step&) {
    if (NodeRecord* node = record(action.node)) node->phase = Phase::kDraining;
  }

  void act(const TerminateNode& action, const Step&) {
    NodeRecord* node = record(action.node);
    if (node == nullptr) return;
    ended_.emplace(node->provider, action.id);
    forget_ray(action.id);
    now_.observed.start_running.erase(action.id);
    now_.snapshot.nodes.erase(action.node);
  }

  void act(const AdoptNode& action, const Step&) {
    raise_highest(action.type, action.node);
    for (auto& [provider, places] : places_) {
      CloudNode* found = machine(provider, action.id);
      if (found == nullptr) continue;
      NodeRecord& adopted = now_.snapshot.nodes[action.node];
      adopted = record_from_tags(*found, provider);
      adopted.type = action.type;
      adopted.launched_at = now_.observed.at;
      found->name = action.node;
      return;
    }
  }

  void act(const ForgetNode& action, const Step&) { now_.snapshot.nodes.erase(action.node); }
  void act(const CloseOp& action, const Step&) { closed_.push_back(action.token); }
  void act(const ConfigureAutoscaler& action, const Step&) {
    now_.snapshot.autoscaler = action.autoscaler;
  }

  void act(const MakeResource& action, const Step&) {
    const auto wanted = plan_.resources.find(action.resource);
    if (wanted == plan_.resources.end()) return;
    const ResourceSpec& spec = wanted->second;
    auto resources = now_.observed.resources.find(spec.provider);
    SeenResource* seen = nullptr;
    if (resources != now_.observed.resources.end() && resources->second) {
      auto& all = resources->second->seen;
      const auto at = std::find_if(all.begin(), all.end(), [&](const SeenResource& each) {
        return each.name == action.resource;
      });
      if (at != all.end()) {
        seen = &*at;
      } else {
        all.push_back({.name = action.resource,
                       .title = spec.title,
                       .id = "new:" + action.resource.text,
                       .cluster = now_.snapshot.cluster_id,
                       .differs = "",
                       .exclusive = true});
        seen = &all.back();
      }
      seen->differs.clear();
    }
    now_.snapshot.resources[action.resource] = {
        .provider = spec.provider,
        .title = spec.title,
        .id = seen == nullptr ? "new:" + action.resource.text : seen->id,
        .ours = seen == nullptr || seen->cluster == now_.snapshot.cluster_id,
        .needs = spec.needs};
  }

  void act(const RemoveResource& action, const Step&) {
    const auto record = now_.snapshot.resources.find(action.resource);
    const bool ours = record == now_.snapshot.resources.end() || record->second.ours;
    now_.snapshot.resources.erase(action.resource);
    if (!ours) return;
    for (auto& [provider, resources] : now_.observed.resources) {
      if (!resources) continue;
      std::erase_if(resources->seen,
                    [&](const SeenResource& each) { return each.name == action.resource; });
    }
  }

  void forget_ray(const CloudId& id) {
    if (now_.observed.ray && *now_.observed.ray) (**now_.observed.ray).nodes.erase(id);
  }

  /// Machines that have ended are no longer listed.
  void sweep() {
    for (auto& [provider, machines] : now_.observed.machines) {
      if (!machines) continue;
      std::erase_if(*machines, [&, &name = provider](const CloudNode& node) {
        return ended_.contains({name, node.id});
      });
    }
  }

  const Plan& plan_;
  Outcome now_;
  std::map<ProviderName, std::unordered_map<CloudId, std::size_t>> places_;
  std::set<std::pair<ProviderName, CloudId>> ended_;
  std::vector<OpToken> closed_;
};

}  // namespace

Outcome predict(const Plan& plan, const Snapshot& snapshot, const Observed& observed) {
  return Simulation(plan, snapshot, observed).run();
}

}  // namespace rayctl
