#include "cli/autoscale/placing.h"

#include "cli/autoscale/bundle_send.h"
#include "cli/autoscale/loops.h"
#include "cli/autoscale/program_files.h"
#include "config/resolve.h"

namespace rayctl {
namespace {

constexpr Millis kLook{15'000};

/// Why this program cannot run on the head; "" where nothing is known against it. `was_here`: it
/// could not before.
std::string why_not_there(Session& session, Cluster& cluster, const CloudNode& head,
                          bool was_here) {
  const Result<ProgramFiles> program = running_program();
  if (!program) return program.error().message;
  Result<std::unique_ptr<CommandRunner>> runner =
      loops_runner(cluster, AutoscalerPlace::kHead, &head);
  if (!runner) return "";
  const Result<> can = can_run_there(**runner, program->machine, session.clock.now() + kLook);
  if (!can) return can.error().code == ErrorCode::kNotSupported ? can.error().message : "";
  if (!was_here) return "";
  const Result<> may = may_work_there(**runner, "", session.clock.now() + kLook);
  return may ? "" : may.error().message;
}

/// Whether Ray's own autoscaler runs on the head: that of a cluster which Ray's launcher made.
bool rays_own_runs(Session& session, Cluster& cluster, const CloudNode& head) {
  constexpr char kFind[] =
      "for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <\"$p\" 2>/dev/null; done "
      "| grep -q 'autoscaler/[^ ]*/[m]onitor.py'";
  Result<std::unique_ptr<CommandRunner>> runner =
      cluster.world().access(cluster.config().provider).runner(head);
  if (!runner) return false;
  Command command{{"sh", "-c", kFind}, {}, ""};
  command.plain = true;
  const Result<CommandOutput> found = (*runner)->run(command, session.clock.now() + kLook);
  return found && found->exit_code == 0;
}

/// Leaves Ray's own autoscaler alone: limits are recorded, and nothing of ours is started.
void stand_back(Cluster& cluster, Prepared& prepared) {
  Desired& desired = prepared.desired;
  Desired plain = resolve(cluster.config(), Scale{}, {}, cluster.digest_key());
  desired.breakdown.erase(desired.autoscaler);
  desired.breakdown[plain.autoscaler] = plain.breakdown[plain.autoscaler];
  desired.autoscaler = plain.autoscaler;
  desired.program.clear();
  prepared.autoscaler_note =
      "Ray's own autoscaler runs on the head, as Ray's launcher started it; the next apply after a "
      "restart of Ray there (`rayctl apply --restart`) starts rayctl's";
}

}  // namespace

void place_autoscaler(Session& session, Cluster& cluster, const Goal& goal, Prepared& prepared) {
  const Config& config = cluster.config();
  const CloudNode* head = find_head(prepared.snapshot, prepared.observed);
  const bool never = !recorded_place(prepared.snapshot) && !all_is_here(config);
  if (never && goal.refresh && head != nullptr && rays_own_runs(session, cluster, *head)) {
    return stand_back(cluster, prepared);
  }
  AutoscalerPlace& place = prepared.autoscaler_place;
  place = wanted_place(config);
  if (place == AutoscalerPlace::kHead) {
    std::string why = why_not_on_head(config);
    const bool settled = prepared.desired.autoscaler == prepared.snapshot.autoscaler;
    if (why.empty() && goal.refresh && head != nullptr && !settled)
      why = why_not_there(session, cluster, *head,
                          recorded_place(prepared.snapshot) == AutoscalerPlace::kHere);
    if (!why.empty()) {
      place = AutoscalerPlace::kHere;
      hand_over(prepared.desired, config, place);
      prepared.autoscaler_note = "the autoscaler runs on this machine, not on the head: " + why;
    }
  }
  if (!goal.refresh || prepared.snapshot.autoscaler.empty()) return;
  Result<std::unique_ptr<CommandRunner>> runner = loops_runner(cluster, place, head);
  const Result<bool> runs = runner
                                ? loop_runs(**runner, prepared.snapshot.cluster_id, session.clock)
                                : Result<bool>(runner.error());
  // Of a head that does not answer nothing is known; one that is not there has nothing that runs.
  prepared.autoscaler_down = runs ? !*runs : runs.error().code == ErrorCode::kNoSuchNode;
}

}  // namespace rayctl
