#include "cli/autoscale/loops.h"

#include <algorithm>
#include <vector>

#include "base/files.h"
#include "cli/autoscale/cluster_lease.h"
#include "cli/autoscale/service.h"

namespace rayctl {
namespace {

constexpr Millis kCall{30'000};
constexpr Millis kGrace{20'000};

bool running(const ServiceRun& run) {
  return run.op.state == OpStatus::State::kRunning;
}

}  // namespace

Result<std::unique_ptr<CommandRunner>> loops_runner(Cluster& cluster, AutoscalerPlace place,
                                                    const CloudNode* head) {
  const Config& config = cluster.config();
  if (place == AutoscalerPlace::kHead) {
    if (head == nullptr) return permanent(ErrorCode::kNoSuchNode, "no head runs");
    return cluster.world().access(config.provider).machine_runner(*head);
  }
  return all_is_here(config) ? folder_runner(cluster.paths()) : own_runner();
}

Result<> start_loop(CommandRunner& there, const ClusterId& cluster, const std::string& folder,
                    const Digest& digest, bool at_boot, Clock& clock) {
  AutoscalerService service(there, clock, cluster);
  Result<OpStatus> started = service.start(folder, clock.now() + kCall);
  if (!started) return started.error();
  // Where nothing starts it at boot, the next plan finds that it is down.
  if (at_boot) static_cast<void>(service.start_at_boot(folder, clock.now() + kCall));
  return service.stop_others(digest, kGrace, clock.now() + kCall);
}

Result<> stop_loops(CommandRunner& there, const ClusterId& cluster, Clock& clock) {
  return AutoscalerService(there, clock, cluster).stop_all(kGrace, clock.now() + kCall);
}

Result<bool> loop_runs(CommandRunner& there, const ClusterId& cluster, Clock& clock) {
  AutoscalerService service(there, clock, cluster);
  const Result<std::vector<ServiceRun>> all = service.runs(clock.now() + kCall);
  if (!all) return all.error();
  return std::any_of(all->begin(), all->end(), running);
}

}  // namespace rayctl
