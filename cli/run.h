#pragma once
#include <string>

#include "cli/pipeline.h"
#include "cli/views/plan_summary.h"

namespace rayctl {

/// A change that a person asked for: the one way in which the program changes anything.
struct ChangeRequest {
  std::string command;  ///< "apply", "up", "down": for the lock and the history
  std::string subject;  ///< the file as the user named it
  bool yes = false;
  Millis lock_timeout{0};
  int parallelism = 10;
  Goal goal;
  PlanSource source;
  bool aside = false;           ///< stdout belongs to something else: nothing is printed there
  const Plan* saved = nullptr;  ///< apply exactly this one; it is checked against the YAML first
};

/// Locks, reads, plans, shows the plan, asks, applies, and says how it went. The result is the exit
/// status: 0, 6 (not finished), 8 (a precondition failed), 130 or 143 (after a signal). Errors are
/// those that came up before anything was touched.
Result<int> run_change(Session& session, Cluster& cluster, const ChangeRequest& request);

/// The id of a run that begins now: time and a random part.
std::string new_run_id(Time now);
/// "ana@laptop".
std::string user_at_host();
/// How a plan's head line names the place: "process", "aws us-west-2".
std::string place_of(const Config& config);

/// `saved` with its specs replaced by what the YAML says now; kPlanStale, naming what moved, unless
/// the digests are equal. Pure.
Result<Plan> refill_plan(const Plan& saved, const Desired& desired);

}  // namespace rayctl
