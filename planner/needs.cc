#include "base/text.h"
#include "planner/open_ops.h"
#include "planner/roster.h"

namespace rayctl::planning {
namespace {

class NeedsDecider {
 public:
  NeedsDecider(const Inputs& in, Roster& roster, Changes& changes)
      : in_(in), roster_(roster), changes_(changes), ops_(in.snapshot) {}

  void run() {
    if (in_.desired.destroy) return;
    for (Work& work : roster_.works) {
      if (work.fate != Fate::kKeep || work.spec == nullptr) continue;
      if (in_.options.restart_only) {
        only_restart(work);
      } else {
        decide(work);
      }
    }
  }

 private:
  void only_restart(Work& work) {
    const NodeRecord& record = *work.node->record;
    const SpecDigests& want = work.spec->digests;
    const Needs all = needs_of(record, want, in_.desired.files_beside_ray);
    const bool more = all.container || all.files || all.setup || (all.synced && !work.head) ||
                      launch_differs(record, want);
    if (more) leave_out(work, "change", "--restart-only");
    if (!started(record) && record.phase != Phase::kReady) return;
    work.needs = {.stop = started(record), .start = true};
    const bool down = work.node->ray_state == RayState::kDown;
    work.restart_reason = down ? Reason::kRayDown : Reason::kAsked;
    work.restart_because = down ? "Ray is down on it" : "--restart-only";
  }

  void decide(Work& work) {
    const NodeRecord& record = *work.node->record;
    const SpecDigests& want = work.spec->digests;
    work.needs = needs_of(record, want, in_.desired.files_beside_ray);
    if (work.head) work.needs.synced = false;
    say_why(work);
    const bool runs = started(record);
    const bool down = runs && work.node->ray_state == RayState::kDown;
    const bool stop_begun =
        runs && ops_.any<StopRay>(work.name, [](const StopRay&) { return true; });
    if (!runs) {
      work.restart_reason = work.reason;
      work.restart_because = work.because;
      return;
    }
    if (work.needs.stop) because_of_fields(work);
    if (down) {
      restart(work, Reason::kRayDown, "Ray is down on it");
    } else if (stop_begun) {
      restart(work, Reason::kResume, "stopping Ray on it was begun before");
    } else if (record.phase == Phase::kDraining) {
      restart(work, Reason::kResume, "it was drained and is wanted again");
    } else if (!work.needs.stop && in_.options.restart) {
      restart(work, Reason::kAsked, "--restart");
    }
    if (in_.options.no_restart && work.needs.stop && !down && !stop_begun) keep_running(work);
  }

  /// Why a node that was never finished needs what it needs.
  void say_why(Work& work) {
    const NodeRecord& record = *work.node->record;
    work.reason = Reason::kOutOfDate;
    if (record.phase == Phase::kFailed) {
      work.reason = Reason::kRetry;
      work.because =
          record.failure.empty() ? "it failed before" : "it failed before: " + record.failure;
    } else if (record.phase == Phase::kLaunched) {
      work.reason = Reason::kResume;
      work.because = "it was launched and not yet set up";
    } else if (work.node->taken_back) {
      work.reason = Reason::kResume;
      work.because = "a change that was begun on it is taken back";
    } else if (!started(record)) {
      work.reason = Reason::kResume;
      work.because = "Ray was stopped on it and not started again";
    }
  }

  void because_of_fields(Work& work) {
    const NodeRecord& record = *work.node->record;
    SpecDigests want = work.spec->digests;
    if (in_.desired.files_beside_ray) want.files = record.running.files;
    work.restart_fields = restart_fields(changes_, record.running, want);
    if (work.restart_fields.empty()) {
      SpecDigests has = record.applied;
      has.start = want.start;
      if (in_.desired.files_beside_ray) has.files = want.files;
      work.restart_fields = restart_fields(changes_, has, want);
    }
    work.restart_reason = work.reason;
    work.restart_because =
        work.because.empty() ? join(work.restart_fields, ", ") + " changed" : work.because;
  }

  static void restart(Work& work, Reason reason, std::string because) {
    work.needs.stop = work.needs.start = true;
    work.restart_reason = reason;
    work.restart_because = std::move(because);
  }

  void keep_running(Work& work) {
    const NodeRecord& record = *work.node->record;
    const SpecDigests& want = work.spec->digests;
    leave_out(work, work.needs.container ? "recreate the container" : "restart Ray",
              "--no-restart");
    const bool synced = work.needs.synced;
    work.needs = needs_beside_ray(record, want);
    work.needs.synced = synced;
  }

  void leave_out(const Work& work, const std::string& what, const std::string& flag) {
    const std::string& why = work.restart_because;
    roster_.left_out.push_back({work.name, what, why.empty() ? flag : flag + ": " + why});
  }

  const Inputs& in_;
  Roster& roster_;
  Changes& changes_;
  OpenOps ops_;
};

}  // namespace

void decide_needs(const Inputs& in, Roster& roster, Changes& changes) {
  NeedsDecider(in, roster, changes).run();
}

}  // namespace rayctl::planning
