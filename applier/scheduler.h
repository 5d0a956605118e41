#pragma once
#include <functional>
#include <stop_token>
#include <vector>

#include "applier/applier.h"
#include "model/plan.h"

namespace rayctl {

/// What the scheduler asks of its caller; both may be called from several threads at once.
struct StepHooks {
  /// Does the step and says how it went.
  std::function<StepResult(const Step&)> perform;
  /// Whether `later`, which comes after the failed step `failed`, may begin all the same (the
  /// launch that made its node made fewer than asked for).
  std::function<bool(const Step& failed, const Step& later)> unharmed;
};

/// Performs the steps on up to `parallelism` threads, each once all of its `after` have succeeded;
/// of those ready the one with the lowest id first. A failed step skips those that come after it.
/// After `stop` is requested no step begins. Returns when nothing is in flight, one result per
/// step, by id. An exception of a hook ends the run: no step begins, and it is thrown again here.
std::vector<StepResult> perform_steps(const std::vector<Step>& steps, int parallelism,
                                      std::stop_token stop, const StepHooks& hooks);

}  // namespace rayctl
