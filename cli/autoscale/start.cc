#include "cli/autoscale/start.h"

#include <mutex>
#include <utility>

#include "base/files.h"
#include "base/parallel.h"
#include "cli/autoscale/bundle.h"
#include "cli/autoscale/bundle_layout.h"
#include "cli/autoscale/bundle_send.h"
#include "cli/autoscale/cluster_lease.h"
#include "cli/autoscale/loops.h"
#include "cli/autoscale/taken_over.h"
#include "cli/autoscale/version_guard.h"
#include "cli/autoscale/worker_key.h"
#include "cli/own_version.h"

namespace rayctl {
namespace {

constexpr Millis kCall{30'000};
constexpr Millis kSend{10 * 60'000};
constexpr std::size_t kAtOnce = 32;

/// Those that are there already: hosts that may be taken later, and nodes.
std::vector<CloudNode> machines_of(Cluster& cluster, Time deadline) {
  Provider& provider = cluster.world().provider(cluster.config().provider);
  std::vector<CloudNode> all = provider.standing();
  if (!all.empty()) return all;
  Result<std::vector<CloudNode>> listed = provider.list(cluster.config().cluster, deadline);
  if (!listed) return all;
  for (CloudNode& node : *listed) {
    if (node.power == Power::kRunning && node.unwanted.empty()) all.push_back(std::move(node));
  }
  return all;
}

}  // namespace

AutoscalerStart::AutoscalerStart(Session& session, Cluster& cluster, PlanSource source,
                                 std::map<std::string, std::string> images)
    : session_(session),
      cluster_(cluster),
      source_(std::move(source)),
      images_(std::move(images)) {}

Result<> AutoscalerStart::here(const CloudNode* head) {
  const Result<Snapshot> now = cluster_.store().load();
  if (!now) return now.error();
  if (Result<> written = write(*now, false, ""); !written) return written;
  Result<std::unique_ptr<CommandRunner>> runner =
      loops_runner(cluster_, AutoscalerPlace::kHere, nullptr);
  if (!runner) return runner.error();
  const bool at_boot = !all_is_here(cluster_.config());
  Result<> started =
      start_loop(**runner, now->cluster_id, bundle_.string(), digest_, at_boot, session_.clock);
  if (!started) return started;
  drop_other_bundles(bundle_);
  if (recorded_place(*now) != AutoscalerPlace::kHead || head == nullptr) return {};
  Result<std::unique_ptr<CommandRunner>> there =
      loops_runner(cluster_, AutoscalerPlace::kHead, head);
  return there ? stop_loops(**there, now->cluster_id, session_.clock) : Result<>(there.error());
}

Result<> AutoscalerStart::on_head(const CloudNode& head) {
  Clock& clock = session_.clock;
  const Result<Snapshot> now = cluster_.store().load();
  if (!now) return now.error();
  Result<std::unique_ptr<CommandRunner>> runner =
      loops_runner(cluster_, AutoscalerPlace::kHead, &head);
  if (!runner) return runner.error();
  Result<> newest = guard_head_version(**runner, own_version(), clock.now() + kCall);
  if (!newest) return newest;
  std::string key;
  if (cluster_.opens_by_key()) {
    const Result<std::filesystem::path> made =
        ensure_worker_key(cluster_.paths().folder, now->cluster_id);
    if (!made) return made.error();
    key = made->string();
  }
  if (Result<> written = write(*now, true, key); !written) return written;
  if (Result<> seeded = write_file_atomic(bundle_ / kRecords, to_hand_over(*now)); !seeded)
    return seeded;
  const Result<std::string> there = send_bundle(**runner, bundle_, clock.now() + kSend);
  if (!there) return there.error();
  if (Result<> may = may_work_there(**runner, *there, clock.now() + kCall); !may) return may;
  if (!key.empty()) {
    Result<> opened = open_machines(*now, worker_key_line(cluster_.paths().folder, session_.io));
    if (!opened) return opened;
  }
  Result<> started = start_loop(**runner, now->cluster_id, *there, digest_, true, clock);
  if (!started) return started;
  drop_other_bundles(bundle_);
  static_cast<void>(drop_other_bundles_there(**runner, *there, clock.now() + kCall));
  Result<std::unique_ptr<CommandRunner>> mine =
      loops_runner(cluster_, AutoscalerPlace::kHere, nullptr);
  return mine ? stop_loops(**mine, now->cluster_id, clock) : Result<>(mine.error());
}

Result<> AutoscalerStart::write(const Snapshot& now, bool own_state,
                                const std::string& worker_key) {
  const BundleRequest request{.version = own_version(),
                              .cluster_id = now.cluster_id,
                              .flags = {.config = source_.file,
                                        .cluster_name = source_.cluster_name,
                                        .min_workers = source_.overrides.min_workers,
                                        .max_workers = source_.overrides.max_workers},
                              .images = images_,
                              .own_state = own_state,
                              .worker_key_file = worker_key};
  Result<BundlePlan> plan = plan_bundle(cluster_, request);
  if (!plan) return plan.error();
  Result<std::filesystem::path> folder = write_bundle(session_, cluster_, *plan);
  if (!folder) return folder.error();
  digest_ = plan->digest;
  bundle_ = *std::move(folder);
  return {};
}

Result<> AutoscalerStart::open_machines(const Snapshot& now, const std::string& public_line) {
  const Time deadline = session_.clock.now() + kCall;
  const std::vector<CloudNode> machines = machines_of(cluster_, deadline);
  NodeAccess& access = cluster_.world().access(cluster_.config().provider);
  std::mutex mutex;
  Result<> worst;
  for_each_index(machines.size(), kAtOnce, [&](std::size_t at) {
    Result<std::unique_ptr<CommandRunner>> runner = access.machine_runner(machines[at]);
    Result<> opened = runner ? authorize_worker_key(**runner, public_line, now.cluster_id, deadline)
                             : Result<>(runner.error());
    // One that does not answer is out of use, and gets the key with the next change.
    if (opened || opened.error().fault == Fault::kTransient) return;
    const std::lock_guard lock(mutex);
    worst = in_context(opened.error(), machines[at].id.text);
  });
  return worst;
}

Result<> end_autoscaler(Session& session, Cluster& cluster, const CloudNode* head) {
  const Result<Snapshot> now = cluster.store().load();
  if (!now) return now.error();
  Result<std::unique_ptr<CommandRunner>> mine =
      loops_runner(cluster, AutoscalerPlace::kHere, nullptr);
  if (!mine) return mine.error();
  if (Result<> ended = stop_loops(**mine, now->cluster_id, session.clock); !ended) return ended;
  if (all_is_here(cluster.config())) return {};
  if (head != nullptr) {
    Result<std::unique_ptr<CommandRunner>> there =
        loops_runner(cluster, AutoscalerPlace::kHead, head);
    if (!there) return there.error();
    if (Result<> ended = stop_loops(**there, now->cluster_id, session.clock); !ended) return ended;
    Result<> dropped = drop_bundles_there(**there, session.clock.now() + kCall);
    if (!dropped) return dropped;
  }
  // Machines that a cloud ends take the key along.
  const std::vector<CloudNode> standing =
      cluster.world().provider(cluster.config().provider).standing();
  NodeAccess& access = cluster.world().access(cluster.config().provider);
  for_each_index(standing.size(), kAtOnce, [&](std::size_t at) {
    Result<std::unique_ptr<CommandRunner>> runner = access.machine_runner(standing[at]);
    if (runner) {
      static_cast<void>(
          withdraw_worker_key(**runner, now->cluster_id, session.clock.now() + kCall));
    }
  });
  return {};
}

}  // namespace rayctl
