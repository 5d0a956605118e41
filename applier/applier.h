#pragma once
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "applier/world.h"
#include "model/plan.h"

namespace rayctl {

struct StepResult {
  enum class Outcome {
    kDone,
    kFailed,
    kSkipped,   ///< a step it comes after failed
    kNotBegun,  ///< the run was told to stop
  };
  int step = 0;
  Outcome outcome = Outcome::kDone;
  Error error;  ///< of kFailed
  Millis took{0};
};

/// Told of progress, from several threads but never two at once.
class ApplyObserver {
 public:
  virtual ~ApplyObserver() = default;
  virtual void step_begun(const Step& step, Time at) = 0;
  /// What the step is doing now, for one node: "boot", "pip install ...", "alive in GCS".
  virtual void progress(const Step& step, const NodeName& node, std::string_view doing) = 0;
  /// A piece of the output of a command on a node, redacted.
  virtual void output(const NodeName& node, std::string_view phase, std::string_view text) = 0;
  virtual void step_ended(const Step& step, const StepResult& result, Time at) = 0;
};

struct ApplyOptions {
  int parallelism = 10;
  Millis launch_timeout{300'000};
  Millis reach_timeout{300'000};      ///< from a machine that runs until it answers
  Millis command_timeout{3'600'000};  ///< of one set-up command
  Millis join_timeout{300'000};       ///< from the start of Ray until GCS says alive
  /// An operator's apply, which makes plans saved before it stale; the autoscaler's are not.
  bool counts_as_apply = true;
  /// Requested: what is in flight is not waited for. Its operation stays open, and a later run goes
  /// on with it.
  std::stop_token leave;
};

struct ApplyReport {
  std::vector<StepResult> steps;  ///< by step id
  std::int64_t serial = 0;
  bool stopped = false;   ///< told to stop before all was begun
  bool complete() const;  ///< every step is kDone
  int failed() const;
};

/// Executes exactly the plan, nothing else. Refuses (kPlanStale, kPlanNeedsDecision) before
/// touching anything if the store's lineage or epoch moved or the plan is blocked. The caller holds
/// the store's lock. Independent steps run in parallel; each is journalled before and after; what
/// is transient is retried with backoff; a failed step skips only those that come after it. After
/// `stop` is requested nothing new is begun and what is in flight is finished.
Result<ApplyReport> apply_plan(const Plan& plan, World& world, const ApplyOptions& options,
                               std::stop_token stop, ApplyObserver& observer);

}  // namespace rayctl
