#include "applier/perform.h"

#include <algorithm>
#include <utility>

#include "applier/actions.h"
#include "applier/timing.h"
#include "model/op_token.h"
#include "model/record_rules.h"

namespace rayctl {
namespace {

bool works_on_node(const Action& action) {
  return changed_digest(action) != nullptr || std::holds_alternative<StartRay>(action);
}

bool still_runs(Power power) {
  return power == Power::kRunning || power == Power::kPending;
}

Error moved(const NodeName& node, const std::string& what) {
  return conflict(ErrorCode::kPreconditionFailed,
                  node.text + " has changed since the plan was made: " + what);
}

}  // namespace

Result<> Performer::check(const Step& step) {
  if (run_.world.may_begin) {
    if (Result<> may = run_.world.may_begin(); !may) return may;
  }
  const Precondition& pre = step.pre;
  for (const NodeName& node : nodes_of(step.action)) {
    const std::optional<NodeRecord> record = run_.journal.record(node);
    if (pre.id && record && record->id != *pre.id) {
      return moved(node, "its machine is " + record->id.text + ", not " + pre.id->text);
    }
    // What this run itself has put on the node since is no surprise.
    if (pre.last_applied && !run_.journal.touched(node)) {
      if (!record) return moved(node, "its record is gone");
      if (record->applied != *pre.last_applied) return moved(node, "something was applied to it");
    }
    const bool ends = std::holds_alternative<TerminateNode>(step.action);
    if (pre.power && pre.id && still_runs(*pre.power) && !ends) {
      Result<std::optional<CloudNode>> machine =
          run_.machines.look(provider_of(run_, node), *pre.id, kListAge);
      if (machine && *machine && !still_runs((*machine)->power)) {
        return moved(node, "its machine is no longer running");
      }
    }
  }
  return {};
}

StepResult Performer::perform(const Step& step) {
  const Time begun = run_.world.clock.now();
  run_.talk.begun(step, begun);
  StepResult result{.step = step.id, .outcome = StepResult::Outcome::kDone};
  Result<> done = check(step);
  if (done) done = act_and_finish(step);
  if (!done) {
    result.outcome = StepResult::Outcome::kFailed;
    result.error = run_.talk.clean(done.error());
  }
  const Time ended = run_.world.clock.now();
  result.took = ended - begun;
  run_.talk.ended(step, result, ended);
  return result;
}

Result<> Performer::act_and_finish(const Step& step) {
  if (const auto* close = std::get_if<CloseOp>(&step.action)) {
    return run_.journal.finish({.token = close->token, .succeeded = false, .error = step.because},
                               step.action);
  }
  const OpToken token = step.resume ? *step.resume : make_token(run_.lineage, run_.serial, step.id);
  Result<> begun = run_.journal.begin(
      {.token = token, .action = step.action, .begun_at = run_.world.clock.now()});
  if (!begun) return begun;
  Result<Effect> effect =
      std::visit([&](const auto& action) { return act(run_, step, action, token); }, step.action);
  if (run_.world.crash_point) run_.world.crash_point("act:after", step.action);
  if (!effect) return close_failed(step, token, effect.error());
  return finish(step, token, *std::move(effect));
}

Error Performer::close_failed(const Step& step, const OpToken& token, Error error) {
  if (error.fault == Fault::kUnknown) return error;
  error = run_.talk.clean(std::move(error));
  Finished finished{.token = token, .succeeded = false, .error = error.message};
  if (works_on_node(step.action)) {
    for (const NodeName& node : nodes_of(step.action)) {
      finished.records.merge(failed_node(run_, node, step.action, error).records);
    }
  }
  const Result<> closed = run_.journal.finish(finished, step.action);
  if (!closed) error.context.push_back(closed.error().message);
  return error;
}

Result<> Performer::finish(const Step& step, const OpToken& token, Effect effect) {
  Finished finished{.token = token,
                    .succeeded = !effect.shortfall.has_value(),
                    .records = std::move(effect.records),
                    .resources = std::move(effect.resources),
                    .highest = std::move(effect.highest)};
  if (effect.shortfall) finished.error = run_.talk.clean(effect.shortfall->message);
  for (const auto& [node, record] : finished.records) {
    if (!record) continue;
    for (const SpecDigests* digests : {&record->applied, &record->running}) {
      for (const Digest* digest : {&digests->launch, &digests->docker, &digests->files,
                                   &digests->setup, &digests->start, &digests->synced}) {
        const auto found = run_.plan.breakdown.find(*digest);
        if (found != run_.plan.breakdown.end()) finished.breakdown.insert(*found);
      }
    }
  }
  if (effect.shortfall) {
    const std::lock_guard lock(mutex_);
    missing_[step.id] = effect.missing;
  }
  Result<> written = run_.journal.finish(finished, step.action);
  if (!written) {
    const std::lock_guard lock(mutex_);
    missing_.erase(step.id);
    return written;
  }
  if (effect.shortfall) return *effect.shortfall;
  return {};
}

bool Performer::unharmed(const Step& failed, const Step& later) const {
  const std::lock_guard lock(mutex_);
  const auto missing = missing_.find(failed.id);
  const auto* launch = std::get_if<CreateNodes>(&failed.action);
  if (missing == missing_.end() || launch == nullptr) return false;
  const std::vector<NodeName> nodes = nodes_of(later.action);
  return !nodes.empty() && std::all_of(nodes.begin(), nodes.end(), [&](const NodeName& node) {
    return !missing->second.contains(node) &&
           std::find(launch->nodes.begin(), launch->nodes.end(), node) != launch->nodes.end();
  });
}

}  // namespace rayctl
