#include "cli/run.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <ostream>

#include "applier/refresh.h"
#include "base/digest.h"
#include "base/text.h"
#include "cli/autoscale/cluster_lease.h"
#include "cli/autoscale/share.h"
#include "cli/confirm.h"
#include "cli/output.h"
#include "cli/proof.h"
#include "cli/run_log.h"
#include "cli/secrets.h"
#include "cli/signals.h"
#include "cli/views/apply_view.h"
#include "cli/views/board.h"
#include "cli/views/plan_view.h"
#include "model/codec.h"

namespace rayctl {
namespace {

bool autoscaler_holds(Cluster& cluster) {
  const Result<std::optional<LockInfo>> holder = cluster.store().holder();
  return holder && *holder && (**holder).purpose == kAutoscalePurpose;
}

/// Asks the autoscaler that works with the same records to leave what it is doing.
Result<std::unique_ptr<StoreLock>> take_from_autoscaler(Session& session, Cluster& cluster,
                                                        const LockInfo& mine) {
  const Result<Snapshot> records = cluster.store().load();
  if (!records) return records.error();
  const Observed recorded = assume(*records, session.clock.now());
  Result<std::unique_ptr<ClusterLease>> lease =
      ClusterLease::open(session, cluster, find_head(*records, recorded), LeaseKind::kOperator);
  if (!lease) return lease.error();
  if (*lease) {
    if (Result<> taken = (*lease)->lease().take(Millis{0}, {}); !taken) return taken.error();
    static_cast<void>((*lease)->lease().release());
  }
  return cluster.store().lock(mine, kYieldTime);
}

Result<std::unique_ptr<StoreLock>> take_lock(Session& session, Cluster& cluster,
                                             const ChangeRequest& request) {
  LockInfo mine{.who = user_at_host(),
                .pid = getpid(),
                .purpose = request.command + " " + request.subject,
                .since = session.clock.now()};
  Result<std::unique_ptr<StoreLock>> lock = cluster.store().lock(mine, Millis{0});
  bool held = !lock && lock.error().code == ErrorCode::kLocked;
  if (held && autoscaler_holds(cluster)) return take_from_autoscaler(session, cluster, mine);
  if (!held || request.lock_timeout <= Millis{0}) return lock;
  session.io.err << lock.error().message << "\nWaiting up to " << format_age(request.lock_timeout)
                 << " for it.\n";
  return cluster.store().lock(mine, request.lock_timeout);
}

void show_plan(Session& session, Cluster& cluster, const ChangeRequest& request,
               const Prepared& prepared, const Plan& plan) {
  if (session.json && !request.aside) {
    show_event(session, {{"type", "plan"}, {"plan", plan_json(plan, request.source)}});
    return;
  }
  PlanViewOptions options{.where = place_of(cluster.config()),
                          .serial = prepared.snapshot.serial,
                          .no_restart = request.goal.options.no_restart};
  session.io.err << render_plan(plan, options, err_style(session));
}

Error blocked_error(const Plan& plan) {
  Error error = permanent(plan.blocked.front().code, plan.blocked.front().summary);
  if (error.code == ErrorCode::kConfigInvalid) error.code = ErrorCode::kPlanNeedsDecision;
  return error;
}

/// Why the machines of the config's provider are not known; nullopt if they are. A change that
/// cannot see them would do nothing, and say that it is done.
std::optional<Error> not_listed(const Prepared& prepared, const ProviderName& provider) {
  const auto list = prepared.observed.machines.find(provider);
  if (list == prepared.observed.machines.end() || list->second) return std::nullopt;
  return in_context(list->second.error(), "listing the machines of " + provider.text);
}

bool does_the_same(const Plan& one, const Plan& other) {
  return std::equal(one.steps.begin(), one.steps.end(), other.steps.begin(), other.steps.end(),
                    [](const Step& a, const Step& b) { return a.action == b.action; });
}

/// Only a person at a terminal, or --replace-head, may decide that the head is replaced: --yes
/// never does. True if the plan was made again with that decision, which is then in `goal`.
bool decide_on_head(Session& session, const ChangeRequest& request, Goal& goal,
                    Prepared& prepared) {
  const std::vector<Diagnostic>& blocked = prepared.plan.blocked;
  bool undecided = std::all_of(blocked.begin(), blocked.end(), [](const Diagnostic& each) {
    return each.code == ErrorCode::kPlanNeedsDecision;
  });
  if (blocked.empty() || !undecided || request.yes || request.saved != nullptr) return false;
  if (goal.options.replace_head || session.json || unattended(session.io)) return false;
  Result<bool> yes =
      ask(session, "Replace the head? Its machine and all that runs in Ray end.", "");
  if (!yes || !*yes) return false;
  goal.options.replace_head = true;
  replan(prepared, goal);
  return true;
}

/// Whether a person said yes, given what the plan would do.
Result<bool> confirmed(Session& session, const ChangeRequest& request, const Plan& plan) {
  if (request.yes) return true;
  std::string question = plan.destroy ? "Remove all of this?" : "Apply this plan?";
  Result<bool> yes = ask(session, question, request.command);
  if (yes && !*yes) session.io.err << "Nothing was changed.\n";
  return yes;
}

/// Plans again what an autoscaler may have overtaken; asks again if that does something else. False
/// if a person says no.
Result<bool> catch_up(Session& session, Cluster& cluster, const ChangeRequest& request,
                      const Goal& goal, Prepared& prepared) {
  Result<Prepared> now = prepare(session, cluster, goal);
  if (!now) return now.error();
  const bool same = does_the_same(now->plan, prepared.plan);
  prepared = *std::move(now);
  if (same) return true;
  session.io.err << "The autoscaler changed the cluster meanwhile.\n";
  show_plan(session, cluster, request, prepared, prepared.plan);
  if (!prepared.plan.blocked.empty()) return blocked_error(prepared.plan);
  return prepared.plan.steps.empty() ? true : confirmed(session, request, prepared.plan);
}

int status_of(const ApplyReport& report, int signal) {
  if (signal != 0) return 128 + signal;
  if (report.complete()) return 0;
  const auto all_failed_with = [&](ErrorCode code) {
    return report.failed() > 0 &&
           std::all_of(report.steps.begin(), report.steps.end(), [&](const StepResult& step) {
             return step.outcome != StepResult::Outcome::kFailed || step.error.code == code;
           });
  };
  ExitClass status = ExitClass::kIncomplete;
  if (all_failed_with(ErrorCode::kPreconditionFailed)) status = ExitClass::kStale;
  if (all_failed_with(ErrorCode::kCredentials)) status = ExitClass::kCredentials;
  return static_cast<int>(status);
}

Result<ApplyReport> apply_and_record(Session& session, Cluster& cluster,
                                     const ChangeRequest& request, const Plan& plan, int& signal) {
  RunRecord run{.id = new_run_id(session.clock.now()),
                .command = request.command,
                .who = user_at_host(),
                .started_at = session.clock.now(),
                .summary = summary_line(plan),
                .plan = to_json(plan).dump()};
  // History is for people: a run goes on without it.
  if (Result<> begun = cluster.store().begin_run(run); !begun) {
    session.io.err << "warning: the history cannot be written: " << begun.error().message << "\n";
  }
  std::unique_ptr<ApplyView> view = make_apply_view(session, plan, request.subject, request.aside);
  RunLog log(cluster.paths().folder / "runs" / run.id, session.clock);
  Broadcast observers({view.get(), &log});
  SignalGuard guard([&](int) {
    view->say(
        "Stopping: what is in flight is finished, nothing new is begun. "
        "A second signal ends rayctl at once; that is safe too.");
  });
  const RayctlSettings& settings = cluster.config().rayctl;
  const auto seconds = [](double count) { return Millis{static_cast<long>(count * 1000)}; };
  ApplyOptions options{.parallelism = request.parallelism,
                       .reach_timeout = seconds(settings.boot_timeout_s),
                       .join_timeout = seconds(settings.wait_timeout_s)};
  Result<ApplyReport> report = apply_plan(plan, cluster.world(), options, guard.token(), observers);
  view->finish();
  signal = guard.caught();
  run.ended_at = session.clock.now();
  run.outcome = signal != 0 ? "interrupted" : report && report->complete() ? "done" : "failed";
  run.serial = report ? report->serial : 0;
  if (Result<Snapshot> now = cluster.store().load()) cluster.sent().drop_unused(*now);
  if (Result<> ended = cluster.store().end_run(run); !ended) {
    session.io.err << "warning: the history cannot be written: " << ended.error().message << "\n";
  }
  return report;
}

void show_closing(Session& session, const ChangeRequest& request, const Plan& plan,
                  const ApplyReport& report, int status) {
  std::string line = closing_line(plan, report);
  if (session.json && !request.aside) {
    ChangeCount count = count_changes(plan, report);
    show_event(session, {{"type", "summary"},
                         {"outcome", status == 0     ? "done"
                                     : status >= 128 ? "interrupted"
                                                     : "failed"},
                         {"changes", count.total()},
                         {"done", count.done},
                         {"failed", count.failed},
                         {"not_begun", count.waiting},
                         {"serial", report.serial},
                         {"exit_status", status},
                         {"line", line}});
    return;
  }
  if (status != 0) line += " Exit " + std::to_string(status) + ".";
  (status == 0 && !request.aside ? session.io.out : session.io.err) << line << "\n";
}

}  // namespace

std::string new_run_id(Time now) {
  std::string text = format_time(now).substr(0, 19);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z-" + random_hex(3);
}

std::string user_at_host() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  const passwd* user = getpwuid(geteuid());
  std::string name = user != nullptr ? user->pw_name : std::to_string(geteuid());
  return name + "@" + host;
}

std::string place_of(const Config& config) {
  std::string place = config.provider.text;
  for (const char* key : {"region", "availability_zone", "namespace"}) {
    auto found = config.provider_settings.find(key);
    if (found != config.provider_settings.end() && found->is_string()) {
      return place + " " + found->get<std::string>();
    }
  }
  return place;
}

Result<Plan> refill_plan(const Plan& saved, const Desired& desired) {
  auto stale = [](const std::string& what) {
    return conflict(ErrorCode::kPlanStale, what + " since this plan was made");
  };
  if (saved.cluster != desired.cluster) return stale("the file's cluster_name changed");
  if (saved.destroy != desired.destroy) return stale("what is wanted changed");
  Plan plan = saved;
  for (auto& [type, spec] : plan.specs) {
    auto now = desired.specs.find(type);
    if (now == desired.specs.end()) {
      if (saved.destroy) continue;
      return stale("node type " + type.text + " was removed from the file");
    }
    if (now->second.digests != spec.digests) {
      bool files = now->second.digests.files != spec.digests.files;
      return stale((files ? "files of a mount of node type " : "the file's node type ") +
                   type.text + (files ? " were changed" : " was changed"));
    }
    spec = now->second;
  }
  if (!saved.destroy && saved.config != desired.config)
    return stale("the cluster's file was changed");
  return plan;
}

Result<int> run_change(Session& session, Cluster& cluster, const ChangeRequest& request) {
  Result<std::unique_ptr<StoreLock>> lock = take_lock(session, cluster, request);
  if (!lock) return lock.error();
  Result<Prepared> prepared = prepare(session, cluster, request.goal);
  if (!prepared) return prepared.error();
  if (request.saved != nullptr) {
    Result<Plan> plan = refill_plan(*request.saved, prepared->desired);
    if (!plan) return plan.error();
    prepared->plan = *std::move(plan);
  }
  show_diagnostics(session);
  Plan& plan = prepared->plan;
  show_plan(session, cluster, request, *prepared, plan);
  Goal goal = request.goal;
  if (decide_on_head(session, request, goal, *prepared)) {
    show_plan(session, cluster, request, *prepared, plan);
  }
  if (std::optional<Error> blind = not_listed(*prepared, cluster.config().provider)) return *blind;
  if (!plan.blocked.empty()) return blocked_error(plan);
  if (plan.steps.empty()) {
    if (session.json) {
      show_closing(session, request, plan, ApplyReport{.serial = prepared->snapshot.serial}, 0);
    }
    return plan.destroy ? prove_empty(session, cluster, *prepared, request) : Result<int>(0);
  }
  Result<bool> yes = confirmed(session, request, plan);
  if (!yes) return yes.error();
  if (!*yes) return static_cast<int>(ExitClass::kUnclassified);
  if (!plan.destroy) {
    Result<> token = cluster.make_token(prepared->snapshot);
    if (!token) return token.error();
  }
  Result<std::unique_ptr<Share>> share = Share::take(session, cluster, request, *prepared);
  if (!share) return share.error();
  if ((*share)->from_autoscaler() && request.saved == nullptr && !plan.destroy) {
    Result<bool> go = catch_up(session, cluster, request, goal, *prepared);
    if (!go) return go.error();
    if (!*go) return static_cast<int>(ExitClass::kUnclassified);
  }
  int signal = 0;
  Result<ApplyReport> report = apply_and_record(session, cluster, request, plan, signal);
  if (!report) return report.error();
  int status = status_of(*report, signal);
  show_closing(session, request, plan, *report, status);
  if (status == 0 && plan.destroy) return prove_empty(session, cluster, *prepared, request);
  return status;
}

}  // namespace rayctl
