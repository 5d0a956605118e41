#include "applier/refresh.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "applier/node_command.h"
#include "applier/timing.h"
#include "base/parallel.h"

namespace rayctl {
namespace {

constexpr std::size_t kLooksAtOnce = 16;
constexpr Millis kGcsTimeout{5'000};

/// A machine and who can be asked about it.
struct Place {
  ProviderName provider;
  CloudNode machine;
};

std::set<ProviderName> all_providers(std::set<ProviderName> providers, const Snapshot& snapshot) {
  for (const auto& [name, record] : snapshot.nodes)
    providers.insert(record.provider);
  for (const auto& [name, record] : snapshot.resources)
    providers.insert(record.provider);
  return providers;
}

void list_all(World& world, const ClusterName& cluster, const std::set<ProviderName>& providers,
              Time deadline, Observed& observed) {
  std::mutex mutex;
  std::vector<std::jthread> threads;
  for (const ProviderName& provider : providers) {
    threads.emplace_back([&, provider] {
      Result<std::vector<CloudNode>> machines = world.provider(provider).list(cluster, deadline);
      const std::lock_guard lock(mutex);
      observed.machines.emplace(provider, std::move(machines));
      if (!world.provider(provider).list_lags()) observed.prompt.insert(provider);
      if (world.provider(provider).ends_silent()) observed.ends_silent.insert(provider);
    });
  }
}

void note_resources(const ProviderName& provider, Result<SeenResources> resources,
                    const Snapshot& snapshot, Observed& observed) {
  const bool recorded =
      std::any_of(snapshot.resources.begin(), snapshot.resources.end(),
                  [&](const auto& each) { return each.second.provider == provider; });
  if (resources && *resources == SeenResources{} && !recorded) return;
  observed.resources.insert_or_assign(provider, std::move(resources));
}

// The running machines that carry our id (any, while there is none yet).
std::vector<Place> ours(const Observed& observed, const Snapshot& snapshot) {
  std::vector<Place> found;
  for (const auto& [provider, machines] : observed.machines) {
    if (!machines) continue;
    for (const CloudNode& machine : *machines) {
      const bool mine = machine.cluster &&
                        (snapshot.cluster_id.empty() || *machine.cluster == snapshot.cluster_id);
      if (mine && machine.power == Power::kRunning && machine.unseen.empty())
        found.push_back({provider, machine});
    }
  }
  return found;
}

// Whether GCS is among the processes of a node whose start commands ended and left Ray behind: the
// rest of Ray may outlive it.
std::optional<bool> gcs_lives(World& world, CommandRunner& runner) {
  constexpr char kLook[] = R"sh(
for entry in /proc/[0-9]*/comm; do
  { read -r name <"$entry"; } 2>/dev/null && [ "$name" = gcs_server ] && exit 0
done
exit 1
)sh";
  const Result<CommandOutput> looked =
      runner.run({.argv = {"sh", "-c", kLook}}, world.clock.now() + kCallTimeout);
  if (!looked) return std::nullopt;
  return looked->exit_code == 0;
}

// Whether what was last started on the machine still runs; nullopt if that cannot be seen. Where
// Ray was started by others (`imported`) there is nothing to look at.
std::optional<bool> start_runs(World& world, const Place& place, bool imported, Time deadline) {
  Result<std::unique_ptr<CommandRunner>> runner =
      world.access(place.provider).runner(place.machine);
  if (!runner) return std::nullopt;
  const Result<std::optional<OpToken>> token = ray_op(world, **runner);
  // Where the container does not run, neither does Ray in it.
  if (!token && token.error().code == ErrorCode::kContainerFailed) return false;
  if (!token) return std::nullopt;
  if (!*token) return imported ? std::nullopt : std::optional(false);
  const Result<OpStatus> status = world.ops.status(**runner, **token, deadline);
  if (!status) return std::nullopt;
  if (status->state == OpStatus::State::kRunning) return true;
  const bool detached = status->state == OpStatus::State::kDone && status->exit_code == 0;
  if (world.plain_processes || !detached || !status->leaves) return false;
  return gcs_lives(world, **runner);
}

void look_at_starts(World& world, const std::vector<Place>& places, bool imported, Time deadline,
                    Observed& observed) {
  std::mutex mutex;
  for_each_index(places.size(), kLooksAtOnce, [&](std::size_t at) {
    const std::optional<bool> runs = start_runs(world, places[at], imported, deadline);
    if (!runs) return;
    const std::lock_guard lock(mutex);
    observed.start_running[places[at].machine.id] = *runs;
  });
}

Result<RayView> view_of(World& world, const CloudNode& head, Time deadline) {
  Result<std::unique_ptr<RayCluster>> ray = world.ray(head);
  if (!ray) return ray.error();
  return (*ray)->view(std::min(deadline, world.clock.now() + kGcsTimeout));
}

}  // namespace

Observed list_machines(World& world, const ClusterName& cluster,
                       const std::set<ProviderName>& providers, const Snapshot& snapshot,
                       Time deadline) {
  Observed observed;
  observed.at = world.clock.now();
  list_all(world, cluster, all_providers(providers, snapshot), deadline, observed);
  return observed;
}

void look_at_resources(World& world, const ClusterName& cluster,
                       const std::set<ProviderName>& providers, const Snapshot& snapshot,
                       bool thorough, Time deadline, Observed& observed) {
  const std::set<ProviderName> all = all_providers(providers, snapshot);
  const ResourceScope scope{.cluster = cluster,
                            .cluster_id = snapshot.cluster_id,
                            .known = snapshot.resources,
                            .thorough = thorough};
  std::mutex mutex;
  std::vector<std::jthread> threads;
  for (const ProviderName& provider : all) {
    threads.emplace_back([&, provider] {
      Result<SeenResources> seen = world.provider(provider).list_resources(scope, deadline);
      const std::lock_guard lock(mutex);
      note_resources(provider, std::move(seen), snapshot, observed);
    });
  }
}

Observed refresh(World& world, const ClusterName& cluster, const std::set<ProviderName>& providers,
                 const Snapshot& snapshot, Time deadline) {
  Observed beside;
  Observed observed;
  {
    const std::jthread resources(
        [&] { look_at_resources(world, cluster, providers, snapshot, false, deadline, beside); });
    observed = list_machines(world, cluster, providers, snapshot, deadline);
  }
  observed.resources = std::move(beside.resources);
  std::vector<Place> places = ours(observed, snapshot);
  if (world.plain_processes) {
    look_at_starts(world, places, snapshot.imported, deadline, observed);
    return observed;
  }
  std::erase_if(places, [](const Place& place) { return !place.machine.head; });
  for (const Place& head : places) {
    observed.ray = view_of(world, head.machine, deadline);
    if (*observed.ray) return observed;
  }
  look_at_starts(world, places, snapshot.imported, deadline, observed);
  return observed;
}

Observed assume(const Snapshot& snapshot, Time now) {
  Observed observed;
  observed.at = now;
  for (const auto& [name, record] : snapshot.nodes) {
    CloudNode machine{.id = record.id,
                      .cluster = snapshot.cluster_id,
                      .name = name,
                      .type = record.type,
                      .token = record.made_by,
                      .head = record.head,
                      .internal_ip = record.ip};
    machine.tags = record_tags(record);
    machine.tags.merge(naming_tags(snapshot.cluster, name, record.head));
    auto& machines =
        observed.machines.try_emplace(record.provider, std::vector<CloudNode>()).first->second;
    (*machines).push_back(std::move(machine));
  }
  return observed;
}

}  // namespace rayctl
