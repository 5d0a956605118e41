#include "cli/autoscale/counting.h"

namespace rayctl {
namespace {

double seconds(Millis duration) {
  return static_cast<double>(duration.count()) / 1000;
}

void count_launch(const CreateNodes& launch, const StepResult& result, bool done,
                  AutoscalerCounters& counters) {
  const auto nodes = static_cast<std::int64_t>(launch.nodes.size());
  if (!done) {
    ++counters.launch_errors;
    counters.launches_failed += nodes;
    return;
  }
  counters.started += nodes;
  for (std::int64_t i = 0; i < nodes; ++i)
    counters.launch_time.observe(seconds(result.took));
}

}  // namespace

void count_run(const Plan& plan, const ApplyReport& report, AutoscalerCounters& counters) {
  for (const StepResult& result : report.steps) {
    const Step& step = plan.steps[static_cast<std::size_t>(result.step)];
    const bool done = result.outcome == StepResult::Outcome::kDone;
    const bool left = result.error.code == ErrorCode::kInterrupted;
    if (!done && (result.outcome != StepResult::Outcome::kFailed || left)) continue;
    if (const auto* launch = std::get_if<CreateNodes>(&step.action)) {
      count_launch(*launch, result, done, counters);
    } else if (std::holds_alternative<SetUpNode>(step.action)) {
      ++(done ? counters.set_ups : counters.set_ups_failed);
      if (done) counters.set_up_time.observe(seconds(result.took));
    } else if (std::holds_alternative<TerminateNode>(step.action)) {
      if (done) ++counters.stopped;
    } else if (std::holds_alternative<DrainNode>(step.action)) {
      if (!done) ++counters.drain_errors;
    } else if (std::holds_alternative<StartRay>(step.action) && step.reason == Reason::kRayDown) {
      ++(done ? counters.recoveries : counters.recoveries_failed);
    }
  }
}

}  // namespace rayctl
