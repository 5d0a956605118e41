#include "applier/applier.h"

#include <algorithm>
#include <utility>

#include "applier/perform.h"
#include "applier/scheduler.h"
#include "base/digest.h"

namespace rayctl {
namespace {

Result<> fits(const Plan& plan, const Snapshot& now) {
  if (!plan.blocked.empty()) {
    return permanent(ErrorCode::kPlanNeedsDecision, plan.blocked.front().summary);
  }
  if (plan.lineage != now.lineage) {
    return conflict(ErrorCode::kPlanStale,
                    "the plan was made from another state than the one that is here now");
  }
  if (plan.epoch != now.epoch) {
    return conflict(ErrorCode::kPlanStale,
                    "another apply has run since the plan was made (it rests on apply " +
                        std::to_string(plan.epoch) + ", the state is at apply " +
                        std::to_string(now.epoch) + ")");
  }
  if (!plan.cluster_id.empty() && !now.cluster_id.empty() && plan.cluster_id != now.cluster_id) {
    return conflict(ErrorCode::kPlanStale, "the plan is for cluster id " + plan.cluster_id.text +
                                               ", the state holds " + now.cluster_id.text);
  }
  return {};
}

ClusterId id_for(const Plan& plan, const Snapshot& now) {
  if (!now.cluster_id.empty()) return now.cluster_id;
  if (!plan.cluster_id.empty()) return plan.cluster_id;
  return ClusterId{random_hex(8)};
}

// Before the first effect: whose cluster this is, and that an apply of the operator runs.
Result<> open_run(const Plan& plan, const Snapshot& now, const ApplyOptions& options,
                  Journal& journal) {
  ClusterChange change;
  if (now.cluster != plan.cluster) change.cluster = plan.cluster;
  if (now.cluster_id.empty()) change.cluster_id = id_for(plan, now);
  if (options.counts_as_apply) change.epoch = now.epoch + 1;
  if (!change.cluster && !change.cluster_id && !change.epoch) return {};
  Result<> written = journal.change(change);
  if (!written) return written;
  return journal.reload();
}

// What names of images meant when the plan was made, they mean from now on.
Result<> pin_images(const Plan& plan, const Snapshot& now, StateStore& store) {
  const auto pinned = now.pins.find(kImagePin);
  for (const auto& [name, meaning] : plan.images) {
    if (pinned != now.pins.end()) {
      const auto old = pinned->second.find(name);
      if (old != pinned->second.end() && old->second == meaning) continue;
    }
    if (Result<bool> gone = store.unpin(kImagePin, name); !gone) return gone.error();
    if (Result<std::string> done = store.pin(kImagePin, name, meaning); !done) return done.error();
  }
  return {};
}

// When all is done: what the cluster is now set to.
Result<> close_run(const Plan& plan, const Snapshot& before, Journal& journal) {
  ClusterChange change;
  if (before.config != plan.config) change.config = plan.config;
  if (before.overrides != plan.overrides) change.overrides = plan.overrides;
  for (const auto& [digest, fields] : plan.breakdown) {
    const auto known = before.breakdown.find(digest);
    if (known == before.breakdown.end() || known->second != fields) {
      change.breakdown[digest] = fields;
    }
  }
  if (!change.config && !change.overrides && change.breakdown.empty()) return {};
  return journal.change(change);
}

}  // namespace

bool ApplyReport::complete() const {
  return std::all_of(steps.begin(), steps.end(), [](const StepResult& each) {
    return each.outcome == StepResult::Outcome::kDone;
  });
}

int ApplyReport::failed() const {
  return static_cast<int>(std::count_if(steps.begin(), steps.end(), [](const StepResult& each) {
    return each.outcome == StepResult::Outcome::kFailed;
  }));
}

Result<ApplyReport> apply_plan(const Plan& plan, World& world, const ApplyOptions& options,
                               std::stop_token stop, ApplyObserver& observer) {
  const Result<Snapshot> now = world.store.load();
  if (!now) return now.error();
  Result<> fit = fits(plan, *now);
  if (!fit) return fit.error();
  const Result<Secrets> secrets = Secrets::resolve(plan, world);
  if (!secrets) return secrets.error();

  Journal journal(world, *now);
  if (!plan.steps.empty()) {
    Result<> opened = open_run(plan, *now, options, journal);
    if (opened) opened = pin_images(plan, *now, world.store);
    if (!opened) return opened.error();
  }
  Talk talk(observer, secrets->redactor());
  Machines machines(world, plan.cluster, options.leave);
  RayLink ray(world);
  FileRelay relay;
  Run run{.plan = plan,
          .world = world,
          .options = options,
          .secrets = *secrets,
          .journal = journal,
          .talk = talk,
          .machines = machines,
          .ray = ray,
          .relay = relay,
          .lineage = journal.lineage(),
          .serial = journal.serial(),
          .cluster_id = journal.cluster_id()};
  Performer performer(run);
  ApplyReport report;
  report.steps = perform_steps(
      plan.steps, options.parallelism, stop,
      {.perform = [&](const Step& step) { return performer.perform(step); },
       .unharmed = [&](const Step& a, const Step& b) { return performer.unharmed(a, b); }});
  report.stopped =
      stop.stop_requested() &&
      std::any_of(report.steps.begin(), report.steps.end(), [](const StepResult& each) {
        return each.outcome == StepResult::Outcome::kNotBegun;
      });
  if (report.complete()) {
    Result<> closed = close_run(plan, *now, journal);
    if (!closed) return closed.error();
  }
  report.serial = journal.serial();
  return report;
}

}  // namespace rayctl
