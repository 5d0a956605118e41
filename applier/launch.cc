#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "applier/actions.h"
#include "applier/node_number.h"
#include "applier/retry.h"
#include "applier/timing.h"
#include "base/parallel.h"
#include "base/text.h"

namespace rayctl {
namespace {

// Machines that are named at the same time.
constexpr std::size_t kNamedAtOnce = 16;

bool usable(const CloudNode& machine) {
  return machine.power == Power::kRunning || machine.power == Power::kPending;
}

// What the operation has made so far, as far as the provider's list shows it.
std::vector<CloudNode> made_by(Run& run, const ProviderName& provider, const OpToken& token) {
  Result<std::vector<CloudNode>> listed = run.machines.list(provider);
  std::vector<CloudNode> found;
  if (!listed) return found;
  for (const CloudNode& machine : *listed) {
    if (machine.token == token && usable(machine)) found.push_back(machine);
  }
  return found;
}

// `lost`: an earlier try may have made machines.
Result<std::vector<CloudNode>> create(Run& run, LaunchRequest request, bool lost) {
  const ProviderName& provider = request.spec->provider;
  const BackoffPolicy policy;
  for (int retry = 0;; ++retry) {
    request.attempts = run.journal.attempts(request.token);
    Result<std::vector<CloudNode>> made = run.world.provider(provider).create(
        request, run.world.clock.now() + run.options.launch_timeout);
    if (made) return made;
    const Fault fault = made.error().fault;
    lost |= fault == Fault::kUnknown;
    const bool last =
        retry + 1 >= policy.attempts || fault == Fault::kPermanent || fault == Fault::kConflict;
    if (last && !lost) return made;
    // An answer was lost: the machines may be there. Asking again with the same token makes none
    // twice, so that only the last look decides.
    if (last || fault == Fault::kUnknown) {
      std::vector<CloudNode> found = made_by(run, provider, request.token);
      if (found.size() >= request.nodes.size() || (last && !found.empty())) return found;
    }
    if (last) {
      Error error = made.error();
      error.fault = Fault::kUnknown;
      return error;
    }
    Result<> slept = pause(run, backoff_delay(policy, retry, run.world.random()));
    if (!slept) return slept.error();
  }
}

// Names the machines, sorted by id: those that have one of the names keep it, the others get the
// first free ones.
std::vector<std::pair<NodeName, CloudNode>> named(std::vector<CloudNode> machines,
                                                  const std::vector<NodeName>& names) {
  std::erase_if(machines, [](const CloudNode& machine) { return !usable(machine); });
  std::sort(machines.begin(), machines.end(),
            [](const CloudNode& a, const CloudNode& b) { return a.id < b.id; });
  std::set<NodeName> taken;
  for (const CloudNode& machine : machines) {
    if (machine.name) taken.insert(*machine.name);
  }
  std::vector<NodeName> free;
  for (const NodeName& name : names) {
    if (!taken.contains(name)) free.push_back(name);
  }
  std::vector<std::pair<NodeName, CloudNode>> result;
  auto next = free.begin();
  for (CloudNode& machine : machines) {
    if (machine.name) {
      NodeName name = *machine.name;
      result.emplace_back(std::move(name), std::move(machine));
    } else if (next != free.end()) {
      result.emplace_back(*next++, std::move(machine));
    }
  }
  return result;
}

// A machine that was made, and what is to be known of it.
struct Launched {
  NodeName name;
  CloudNode machine;
  NodeRecord record;
  Tags tags;
  Result<> tagged;

  /// It was named by the call that made it.
  bool has_its_tags() const {
    return std::all_of(tags.begin(), tags.end(), [&](const auto& tag) {
      const auto found = machine.tags.find(tag.first);
      return found != machine.tags.end() && found->second == tag.second;
    });
  }
};

/// All that a machine is tagged with once it is the node of that name.
Tags tags_named(Run& run, const NodeSpec& spec, const NodeName& name) {
  NodeRecord launched;
  launched.applied.launch = spec.digests.launch;
  Tags tags = naming_tags(run.plan.cluster, name, spec.head);
  tags.merge(record_tags(launched));
  return tags;
}

Launched launched_as(Run& run, const NodeSpec& spec, const OpToken& token, const NodeName& name,
                     CloudNode machine) {
  NodeRecord record{.type = spec.type,
                    .provider = spec.provider,
                    .head = spec.head,
                    .id = machine.id,
                    .ip = machine.internal_ip,
                    .made_by = token};
  record.launched_at = run.world.clock.now();
  record.applied.launch = spec.digests.launch;
  return {name, std::move(machine), std::move(record), tags_named(run, spec, name), {}};
}

std::string list_of(const std::set<NodeName>& names) {
  std::vector<std::string> texts;
  for (const NodeName& name : names)
    texts.push_back(name.text);
  return join(texts, ", ");
}

}  // namespace

Result<Effect> act(Run& run, const Step& step, const CreateNodes& action, const OpToken& token) {
  Result<const NodeSpec*> wanted = spec_of(run, action.type);
  if (!wanted) return wanted.error();
  NodeSpec spec = **wanted;
  spec.launch = run.secrets.reveal(spec.launch);
  std::string why_fewer;
  LaunchRequest request{
      .cluster = run.plan.cluster,
      .nodes = action.nodes,
      .spec = &spec,
      .token = token,
      .tags = launch_tags(run.plan.cluster, run.cluster_id, spec, token),
      .named_tags = [&](const NodeName& name) { return tags_named(run, spec, name); },
      .why_fewer = &why_fewer,
      .attempts = {},
      .journal =
          [&](const std::vector<LaunchAttempt>& attempts) {
            return run.journal.note_attempts(token, attempts);
          },
      .resources = run.journal.resources()};
  if (run.world.ray_launch_tag)
    request.tags[kTagLaunchConfig] = run.world.ray_launch_tag(spec.launch);
  for (const NodeName& node : action.nodes)
    run.talk.progress(step, node, "launching");
  const Millis age = run.world.clock.now() - run.journal.begun_at(token);
  Result<std::vector<CloudNode>> made = create(run, request, step.resume && age < kListLag);
  if (!made) return made.error();

  Effect effect;
  effect.missing.insert(action.nodes.begin(), action.nodes.end());
  std::string trouble;
  if (!why_fewer.empty()) trouble = "; " + why_fewer;
  std::vector<Launched> launched;
  for (auto& [name, machine] : named(*made, action.nodes))
    launched.push_back(launched_as(run, spec, token, name, std::move(machine)));
  for_each_index(launched.size(), kNamedAtOnce, [&](std::size_t at) {
    Launched& each = launched[at];
    if (each.has_its_tags()) return;
    each.tagged = retrying(run.world, Repeat::kHarmless, [&] {
      return run.world.provider(spec.provider)
          .set_tags(each.machine.id, each.tags, run.world.clock.now() + kCallTimeout);
    });
  });
  // Where none has a name yet, all are found again by the operation that made them: it stays open.
  const bool nameless = std::none_of(launched.begin(), launched.end(),
                                     [](const Launched& each) { return each.tagged.ok(); });
  if (nameless && !launched.empty()) {
    const Launched& first = launched.front();
    return unknown_outcome(
        first.tagged.error().code,
        first.machine.id.text + " could not be named: " + first.tagged.error().message);
  }
  for (Launched& each : launched) {
    if (!each.tagged) {
      trouble +=
          "; " + each.machine.id.text + " could not be named: " + each.tagged.error().message;
      continue;
    }
    each.machine.name = each.name;
    for (const auto& [key, value] : each.tags)
      each.machine.tags[key] = value;
    run.machines.add(spec.provider, each.machine);
    effect.missing.erase(each.name);
    int& highest = effect.highest[spec.type];
    highest = std::max(highest, node_number(each.name));
    effect.records[each.name] = std::move(each.record);
    run.talk.progress(step, each.name, "launched");
  }
  if (!effect.missing.empty()) {
    const std::size_t asked = action.nodes.size();
    effect.shortfall = permanent(ErrorCode::kLaunchFailed,
                                 plural(asked, "machine") + " asked for, " +
                                     std::to_string(asked - effect.missing.size()) +
                                     " made; without: " + list_of(effect.missing) + trouble);
  }
  return effect;
}

}  // namespace rayctl
