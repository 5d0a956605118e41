#include <algorithm>
#include <map>
#include <set>

#include "tests/planner/world.h"

namespace rayctl::planning {
namespace {

std::string step_text(const Step& step) {
  std::string text = "step " + std::to_string(step.id) + " (" + verb_of(step.action);
  for (const NodeName& node : nodes_of(step.action))
    text += " " + node.text;
  return text + ")";
}

std::string order(const Plan& plan) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.id != static_cast<int>(i)) return step_text(step) + " is not at its id";
    for (std::size_t n = 0; n < step.after.size(); ++n) {
      if (step.after[n] < 0 || step.after[n] >= step.id)
        return step_text(step) + " comes before a step it needs";
      if (n > 0 && step.after[n] <= step.after[n - 1])
        return step_text(step) + " needs a step twice";
    }
  }
  return "";
}

/// For each step all steps that have ended before it begins.
std::vector<std::set<int>> closures(const Plan& plan) {
  std::vector<std::set<int>> before(plan.steps.size());
  for (const Step& step : plan.steps) {
    auto& mine = before[static_cast<std::size_t>(step.id)];
    for (const int id : step.after) {
      mine.insert(id);
      mine.insert(before[static_cast<std::size_t>(id)].begin(),
                  before[static_cast<std::size_t>(id)].end());
    }
  }
  return before;
}

std::map<CloudId, CloudNode> machines_of(const Observed& observed) {
  std::map<CloudId, CloudNode> all;
  for (const auto& [provider, machines] : observed.machines) {
    if (!machines) continue;
    for (const CloudNode& machine : *machines)
      all.emplace(machine.id, machine);
  }
  return all;
}

std::string only_ours_end(const World& world, const Plan& plan) {
  const auto machines = machines_of(world.observed);
  for (const Step& step : plan.steps) {
    const auto* end = std::get_if<TerminateNode>(&step.action);
    const auto* adopt = std::get_if<AdoptNode>(&step.action);
    if (end == nullptr && adopt == nullptr) continue;
    const CloudId& id = end != nullptr ? end->id : adopt->id;
    const auto machine = machines.find(id);
    if (machine == machines.end()) {
      const bool recorded = std::any_of(world.snapshot.nodes.begin(), world.snapshot.nodes.end(),
                                        [&](const auto& node) { return node.second.id == id; });
      if (!recorded) return step_text(step) + " is about a machine that nobody knows";
      continue;
    }
    if (!machine->second.cluster || *machine->second.cluster != plan.cluster_id) {
      return step_text(step) + " is about a machine that is not ours";
    }
  }
  return "";
}

std::string unlisted_left_alone(const World& world, const Plan& plan) {
  if (!world.options.refreshed) return "";
  const auto listed = [&](const ProviderName& provider) {
    const auto list = world.observed.machines.find(provider);
    return list != world.observed.machines.end() && list->second.ok();
  };
  for (const Step& step : plan.steps) {
    if (const auto* create = std::get_if<CreateNodes>(&step.action)) {
      const auto spec = plan.specs.find(create->type);
      if (spec == plan.specs.end()) return step_text(step) + " has no spec";
      if (!listed(spec->second.provider))
        return step_text(step) + " is on a provider that was not listed";
      continue;
    }
    for (const NodeName& node : nodes_of(step.action)) {
      const auto record = world.snapshot.nodes.find(node);
      if (record != world.snapshot.nodes.end() && !listed(record->second.provider)) {
        return step_text(step) + " is on a provider that was not listed";
      }
    }
  }
  return "";
}

/// A machine that does not answer is in no step at all, unless its provider can end it for certain.
std::string silent_left_alone(const World& world, const Plan& plan) {
  const auto machines = machines_of(world.observed);
  for (const Step& step : plan.steps) {
    // A launch that goes on keeps its names; what of it is recorded is not asked for again.
    if (step.resume && std::holds_alternative<CreateNodes>(step.action)) continue;
    for (const NodeName& node : nodes_of(step.action)) {
      const auto record = world.snapshot.nodes.find(node);
      if (record == world.snapshot.nodes.end()) continue;
      const ProviderName& provider = record->second.provider;
      const auto list = world.observed.machines.find(provider);
      if (list == world.observed.machines.end() || !list->second) continue;
      const bool ends = std::holds_alternative<TerminateNode>(step.action);
      if (ends && world.desired.destroy && world.observed.ends_silent.contains(provider)) continue;
      const auto is = [&](const CloudNode& machine) { return machine.id == record->second.id; };
      const auto silent = [&](const CloudNode& machine) {
        return is(machine) && !machine.unseen.empty();
      };
      if (std::any_of(list->second->begin(), list->second->end(), silent) &&
          std::count_if(list->second->begin(), list->second->end(), is) == 1) {
        return step_text(step) + " is about a machine that does not answer";
      }
    }
  }
  return "";
}

/// Names of living things are not given again, and each new name once.
std::string names_are_new(const World& world, const Plan& plan) {
  std::set<NodeName> made;
  std::set<NodeName> forgotten;
  for (const Step& step : plan.steps) {
    const auto* create = std::get_if<CreateNodes>(&step.action);
    if (create == nullptr || step.resume) continue;
    for (const NodeName& node : create->nodes) {
      if (world.snapshot.nodes.contains(node))
        return step_text(step) + " gives a name that is in use";
      if (!made.insert(node).second) return step_text(step) + " gives a name twice";
    }
  }
  for (const auto& [id, machine] : machines_of(world.observed)) {
    if (machine.name && machine.power != Power::kGone && made.contains(*machine.name)) {
      return "a new node is named as machine " + id.text;
    }
  }
  return "";
}

/// How Ray is stopped and started: a start of what was started comes after its stop, workers start
/// after the head does, and stop before it when it is stopped.
std::string ray_order(const World& world, const Plan& plan) {
  const auto before = closures(plan);
  std::map<NodeName, int> stops, starts;
  int head_stop = -1, head_start = -1;
  const auto is_head = [&](const NodeName& node) {
    const auto record = world.snapshot.nodes.find(node);
    if (record != world.snapshot.nodes.end()) return record->second.head;
    return node.text.starts_with(world.desired.head_type.text + "-");
  };
  for (const Step& step : plan.steps) {
    const auto* stop = std::get_if<StopRay>(&step.action);
    const auto* start = std::get_if<StartRay>(&step.action);
    if (stop != nullptr) stops[stop->node] = step.id;
    if (start != nullptr) starts[start->node] = step.id;
    if (stop != nullptr && is_head(stop->node)) head_stop = step.id;
    if (start != nullptr && is_head(start->node)) head_start = step.id;
  }
  for (const auto& [node, start] : starts) {
    const auto record = world.snapshot.nodes.find(node);
    const bool runs =
        record != world.snapshot.nodes.end() && record->second.running != SpecDigests{};
    const auto stop = stops.find(node);
    if (runs &&
        (stop == stops.end() || !before[static_cast<std::size_t>(start)].contains(stop->second))) {
      return node.text + " starts Ray without stopping it first";
    }
    if (!is_head(node) && head_start >= 0 &&
        !before[static_cast<std::size_t>(start)].contains(head_start)) {
      return node.text + " starts Ray before the head";
    }
  }
  for (const auto& [node, stop] : stops) {
    if (!starts.contains(node)) return node.text + " is stopped and not started";
    const bool head_runs =
        head_stop >= 0 &&
        plan.steps[static_cast<std::size_t>(head_stop)].disturbs != "nobody (Ray is down)";
    if (!is_head(node) && head_runs &&
        !before[static_cast<std::size_t>(head_stop)].contains(stop)) {
      return "the head stops before " + node.text;
    }
  }
  return "";
}

/// At every moment at most max_unavailable workers that are replaced are away.
std::string few_away(const World& world, const Plan& plan) {
  const auto before = closures(plan);
  struct Away {
    int from = -1, to = -1;
  };
  std::vector<Away> all;
  for (const Step& step : plan.steps) {
    const auto* create = std::get_if<CreateNodes>(&step.action);
    if (create == nullptr || step.reason != Reason::kOutOfDate ||
        create->type == world.desired.head_type)
      continue;
    Away away;
    for (const int id : step.after) {
      const Step& gone = plan.steps[static_cast<std::size_t>(id)];
      if (!std::holds_alternative<TerminateNode>(gone.action)) continue;
      away.from = id;
      for (const int earlier : gone.after) {
        if (std::holds_alternative<DrainNode>(plan.steps[static_cast<std::size_t>(earlier)].action))
          away.from = earlier;
      }
    }
    if (away.from < 0) return step_text(step) + " replaces nothing";
    for (const Step& start : plan.steps) {
      const auto* ray = std::get_if<StartRay>(&start.action);
      if (ray != nullptr && ray->node == create->nodes.front()) away.to = start.id;
    }
    all.push_back(away);
  }
  const auto most = static_cast<std::size_t>(std::max(1, world.desired.max_unavailable));
  for (std::size_t i = most; i < all.size(); ++i) {
    // Of any `most` + 1 replacements two exclude each other if each follows the one in its row.
    if (!before[static_cast<std::size_t>(all[i].from)].contains(all[i - most].to)) {
      return "more than max_unavailable workers are away at once";
    }
  }
  return "";
}

/// A set-up that no node of its type ever had goes to one worker first: of the set-ups of such a
/// type, all but one come after the same one. Not for the first few of a type.
std::string one_goes_first(const World& world, const Plan& plan) {
  constexpr std::size_t kFew = 4;
  const auto before = closures(plan);
  std::map<NodeTypeName, std::vector<int>> set_ups;
  std::set<NodeTypeName> proven, old;
  std::map<NodeName, NodeTypeName> types;
  const auto machines = machines_of(world.observed);
  const auto note = [&](const NodeRecord& record) {
    if (record.phase != Phase::kLaunched) old.insert(record.type);
    const auto spec = world.desired.specs.find(record.type);
    if (spec != world.desired.specs.end() && record.applied.setup == spec->second.digests.setup) {
      proven.insert(record.type);
    }
  };
  for (const auto& [name, record] : world.snapshot.nodes) {
    types[name] = record.type;
    note(record);
    // A worker's type on a head is nobody's concern here.
    const auto machine = machines.find(record.id);
    if (record.head || (machine != machines.end() && machine->second.head)) {
      proven.insert(record.type);
    }
  }
  for (const Step& step : plan.steps) {
    if (const auto* create = std::get_if<CreateNodes>(&step.action)) {
      for (const NodeName& node : create->nodes)
        types.emplace(node, create->type);
    }
    // What an adopted machine has is in its tags; such types are left out here.
    if (const auto* adopt = std::get_if<AdoptNode>(&step.action)) proven.insert(adopt->type);
    const auto* set_up = std::get_if<SetUpNode>(&step.action);
    if (set_up == nullptr || !types.contains(set_up->node)) continue;
    const NodeTypeName& type = types.at(set_up->node);
    if (type != world.desired.head_type && !set_up->setup.empty()) set_ups[type].push_back(step.id);
  }
  for (const auto& [type, ids] : set_ups) {
    if (proven.contains(type) || (!old.contains(type) && ids.size() <= kFew)) continue;
    for (const int id : ids) {
      if (id != ids.front() && !before[static_cast<std::size_t>(id)].contains(ids.front())) {
        return "set-up of " + type.text + " does not go to one node first";
      }
    }
  }
  return "";
}

/// A head that may still be of use goes only if that is asked for, unless everything goes.
std::string head_stays(const World& world, const Plan& plan) {
  if (world.desired.destroy) return "";
  const auto machines = machines_of(world.observed);
  for (const Step& step : plan.steps) {
    const auto* end = std::get_if<TerminateNode>(&step.action);
    if (end == nullptr) continue;
    const auto record = world.snapshot.nodes.find(end->node);
    const auto machine = machines.find(end->id);
    const bool head = record != world.snapshot.nodes.end()
                          ? record->second.head
                          : machine != machines.end() && machine->second.head;
    if (!head) continue;
    const bool ended = machine != machines.end() && machine->second.power == Power::kStopped &&
                       !machine->second.unwanted.empty();
    if (!world.options.replace_head && !ended && step.reason != Reason::kResume)
      return step_text(step) + " without --replace-head";
  }
  return "";
}

/// A machine that is to go only if it is idle ends after Ray was asked, or Ray is down on it.
std::string idle_ones_are_asked(const World& world, const Plan& plan) {
  for (const Step& step : plan.steps) {
    const auto* end = std::get_if<TerminateNode>(&step.action);
    if (end == nullptr || step.reason != Reason::kReleased) continue;
    if (!world.desired.if_idle.contains(end->node)) continue;
    const bool asked = std::any_of(step.after.begin(), step.after.end(), [&](int id) {
      const auto* drain = std::get_if<DrainNode>(&plan.steps[static_cast<std::size_t>(id)].action);
      return drain != nullptr && drain->node == end->node && drain->if_idle;
    });
    if (asked) continue;
    const auto& ray = world.observed.ray;
    const auto runs = world.observed.start_running.find(end->id);
    bool down = runs != world.observed.start_running.end() && !runs->second;
    if (ray && *ray) {
      const auto node = (**ray).nodes.find(end->id);
      down = down || node == (**ray).nodes.end() || node->second.state == RayNode::State::kDead;
    }
    if (!down) return step_text(step) + " was not asked whether it is idle";
  }
  return "";
}

}  // namespace

std::string broken_rule(const World& world, const Plan& plan) {
  for (const std::string& broken :
       {order(plan), only_ours_end(world, plan), unlisted_left_alone(world, plan),
        silent_left_alone(world, plan), names_are_new(world, plan), ray_order(world, plan),
        few_away(world, plan), one_goes_first(world, plan), head_stays(world, plan),
        idle_ones_are_asked(world, plan)}) {
    if (!broken.empty()) return broken;
  }
  return "";
}

}  // namespace rayctl::planning
