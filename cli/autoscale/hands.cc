#include "cli/autoscale/hands.h"

#include <utility>

namespace rayctl {
namespace {

/// The machine's fault, and not that of what was to be done on it.
bool did_not_answer(const Error& error) {
  return error.code == ErrorCode::kConnectionLost || error.code == ErrorCode::kLaunchFailed;
}

Happened::Kind kind_of(const Step& step, const StepResult& result) {
  if (result.outcome == StepResult::Outcome::kDone) return Happened::Kind::kJoined;
  if (std::holds_alternative<CreateNodes>(step.action)) return Happened::Kind::kLaunchFailed;
  const bool joins = std::holds_alternative<StartRay>(step.action) || did_not_answer(result.error);
  return joins ? Happened::Kind::kJoinFailed : Happened::Kind::kSetUpFailed;
}

// A failure that says something about a node type: launches, and what makes a node work.
bool concerns_type(const Action& action) {
  return std::holds_alternative<CreateNodes>(action) ||
         std::holds_alternative<PrepareContainer>(action) ||
         std::holds_alternative<SyncFiles>(action) || std::holds_alternative<SetUpNode>(action) ||
         std::holds_alternative<StartRay>(action);
}

NodeTypeName type_of(const Plan& plan, const Snapshot& records, const NodeName& node) {
  const auto record = records.nodes.find(node);
  if (record != records.nodes.end()) return record->second.type;
  for (const Step& step : plan.steps) {
    if (const auto* launch = std::get_if<CreateNodes>(&step.action)) {
      for (const NodeName& each : launch->nodes) {
        if (each == node) return launch->type;
      }
    }
  }
  return {};
}

}  // namespace

std::vector<Happened> happened_in(const Plan& plan, const ApplyReport& report,
                                  const Snapshot& records, Time now) {
  std::vector<Happened> all;
  for (const StepResult& result : report.steps) {
    const Step& step = plan.steps[static_cast<std::size_t>(result.step)];
    const bool done = result.outcome == StepResult::Outcome::kDone;
    if (!concerns_type(step.action)) continue;
    if (done && !std::holds_alternative<StartRay>(step.action)) continue;
    if (!done &&
        (result.outcome != StepResult::Outcome::kFailed ||
         result.error.code == ErrorCode::kInterrupted || result.error.fault == Fault::kConflict)) {
      continue;
    }
    Happened happened{
        .kind = kind_of(step, result), .what = done ? "" : result.error.message, .at = now};
    if (const auto* launch = std::get_if<CreateNodes>(&step.action)) {
      happened.type = launch->type;
    } else {
      happened.node = nodes_of(step.action).front();
      happened.type = type_of(plan, records, happened.node);
    }
    all.push_back(std::move(happened));
  }
  return all;
}

void Hands::begin(Plan plan) {
  if (thread_.joinable()) thread_.join();
  leave_ = std::stop_source();
  {
    const std::lock_guard lock(mutex_);
    busy_ = true;
  }
  auto work = [this, plan = std::move(plan), leave = leave_.get_token()]() mutable {
    Result<ApplyReport> report = apply_(plan, std::move(leave));
    const std::lock_guard lock(mutex_);
    done_ = Done{std::move(plan), std::move(report)};
    busy_ = false;
  };
  if (!beside_) {
    work();
    return;
  }
  thread_ = std::jthread(std::move(work));
}

bool Hands::busy() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

void Hands::leave() {
  leave_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::optional<Hands::Done> Hands::take_done() {
  const std::lock_guard lock(mutex_);
  return std::exchange(done_, std::nullopt);
}

}  // namespace rayctl
