#include "cli/pipeline.h"

#include <algorithm>

#include "applier/refresh.h"
#include "autoscaler/fleet.h"
#include "cli/autoscale/placing.h"
#include "config/resolve.h"

namespace rayctl {
namespace {

constexpr Millis kRefreshPatience{60'000};

bool ours(const Snapshot& snapshot, const CloudNode& machine) {
  return machine.cluster &&
         (snapshot.cluster_id.empty() || *machine.cluster == snapshot.cluster_id);
}

/// Every machine seen, of every provider.
template <class Use>
void each_machine(const Observed& observed, const Use& use) {
  for (const auto& [provider, machines] : observed.machines) {
    if (!machines) continue;
    for (const CloudNode& machine : *machines)
      use(machine);
  }
}

/// Puts into the config what names of images mean. Gives all that it has.
Result<std::map<std::string, std::string>> resolve_images(Session& session, Cluster& cluster,
                                                          const Goal& goal,
                                                          const Snapshot& snapshot,
                                                          Config& config) {
  std::map<std::string, std::string> pinned = goal.images;
  const auto pins = snapshot.pins.find(kImagePin);
  if (pins != snapshot.pins.end() && !goal.upgrade_images) {
    pinned.insert(pins->second.begin(), pins->second.end());
  }
  Result<std::map<std::string, std::string>> images =
      cluster.world()
          .provider(config.provider)
          .resolve_images(node_configs_of(config), pinned, session.clock.now() + kRefreshPatience);
  if (!images) return in_context(images.error(), "looking up images");
  cluster.use_images(*images);
  return images;
}

bool launches(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    return std::holds_alternative<CreateNodes>(step.action);
  });
}

/// Records say what is beside machines, which is enough until something is built on it or all of
/// it is to go.
void look_closer(Session& session, Cluster& cluster, const Goal& goal, Prepared& prepared) {
  const bool matters = goal.destroy || launches(prepared.plan);
  if (!goal.refresh || !matters || prepared.snapshot.resources.empty()) return;
  prepared.observed.resources.clear();
  look_at_resources(cluster.world(), cluster.config().cluster, {cluster.config().provider},
                    prepared.snapshot, true, session.clock.now() + kRefreshPatience,
                    prepared.observed);
  replan(prepared, goal);
}

}  // namespace

Result<MountDigests> hash_mounts(Cluster& cluster) {
  MountDigests digests;
  for (const FileMountConfig& mount : cluster.config().file_mounts) {
    Result<Manifest> manifest = cluster.manifest({.remote = mount.remote, .local = mount.local});
    if (!manifest) return in_context(manifest.error(), "reading file mount " + mount.remote);
    digests[mount.remote] = manifest_digest(*manifest);
  }
  return digests;
}

std::map<NodeTypeName, int> count_living(const Snapshot& snapshot, const Observed& observed) {
  using Stage = FleetNode::Stage;
  std::map<NodeTypeName, int> living;
  for (const FleetNode& node : make_fleet(snapshot, observed).nodes) {
    const bool there = node.stage != Stage::kLeaving && node.stage != Stage::kAsked;
    if (there && !node.head) ++living[node.type];
  }
  return living;
}

const CloudNode* find_head(const Snapshot& snapshot, const Observed& observed) {
  CloudId recorded;
  for (const auto& [name, record] : snapshot.nodes) {
    if (record.head) recorded = record.id;
  }
  const CloudNode* head = nullptr;
  each_machine(observed, [&](const CloudNode& machine) {
    if (machine.power != Power::kRunning) return;
    if (machine.id == recorded || (head == nullptr && machine.head && ours(snapshot, machine))) {
      head = &machine;
    }
  });
  return head;
}

const CloudNode* find_machine(const Snapshot& snapshot, const Observed& observed,
                              const NodeName& node) {
  auto record = snapshot.nodes.find(node);
  const CloudNode* found = nullptr;
  each_machine(observed, [&](const CloudNode& machine) {
    bool is = record != snapshot.nodes.end() ? machine.id == record->second.id
                                             : machine.name == node && ours(snapshot, machine);
    if (is) found = &machine;
  });
  return found;
}

Result<Looked> look(Session& session, Cluster& cluster, bool refresh_wanted) {
  Result<Snapshot> snapshot = cluster.store().load();
  if (!snapshot) return snapshot.error();
  Looked looked{.snapshot = *std::move(snapshot), .observed = {}};
  if (!refresh_wanted) {
    looked.observed = assume(looked.snapshot, session.clock.now());
    return looked;
  }
  std::set<ProviderName> providers{cluster.config().provider};
  for (const auto& [name, record] : looked.snapshot.nodes)
    providers.insert(record.provider);
  Result<> token = cluster.find_token();
  if (!token) return token.error();
  looked.observed = refresh(cluster.world(), cluster.config().cluster, providers, looked.snapshot,
                            session.clock.now() + kRefreshPatience);
  return looked;
}

void replan(Prepared& prepared, const Goal& goal) {
  PlanOptions options = goal.options;
  options.refreshed = goal.refresh;
  options.autoscaler_down = prepared.autoscaler_down;
  prepared.plan = make_plan(prepared.desired, prepared.snapshot, prepared.observed, options);
  if (!prepared.autoscaler_note.empty()) prepared.plan.notes.push_back(prepared.autoscaler_note);
}

Result<Desired> desired_for(Session& session, Cluster& cluster, const Goal& goal,
                            const Snapshot& snapshot, const Scale& scale) {
  Config config = cluster.config();
  Result<MountDigests> mounts = hash_mounts(cluster);
  if (!mounts) return mounts.error();
  Result<std::map<std::string, std::string>> images =
      resolve_images(session, cluster, goal, snapshot, config);
  if (!images) return images.error();
  Desired desired = resolve(config, scale, *mounts, cluster.digest_key());
  desired.images = *std::move(images);
  const AutoscalerPlace place = wanted_place(config);
  if (place != AutoscalerPlace::kNowhere) hand_over(desired, config, place);
  desired.sends = mount_changes(desired, snapshot, cluster.manifests(), cluster.sent());
  return desired;
}

Result<Prepared> prepare(Session& session, Cluster& cluster, const Goal& goal) {
  Time begun = session.clock.now();
  Result<Looked> looked = look(session, cluster, goal.refresh);
  if (!looked) return looked.error();
  Prepared prepared{.snapshot = std::move(looked->snapshot),
                    .observed = std::move(looked->observed),
                    .desired = {},
                    .plan = {}};
  prepared.refresh_took = session.clock.now() - begun;
  const Config& config = cluster.config();
  std::map<NodeTypeName, int> living = count_living(prepared.snapshot, prepared.observed);
  if (goal.destroy) {
    // What stays (the head, say) is not updated by a removal, so that its mounts do not matter.
    prepared.desired = resolve_destroy(config, {}, cluster.digest_key(), goal.workers_only,
                                       goal.keep_min_workers, living);
  } else {
    Result<Desired> desired =
        desired_for(session, cluster, goal, prepared.snapshot, default_scale(config, living));
    if (!desired) return desired.error();
    prepared.desired = *std::move(desired);
  }
  if (!prepared.desired.program.empty()) place_autoscaler(session, cluster, goal, prepared);
  replan(prepared, goal);
  look_closer(session, cluster, goal, prepared);
  return prepared;
}

}  // namespace rayctl
