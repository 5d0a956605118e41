#include "cli/autoscale/loop.h"

#include <algorithm>
#include <utility>

#include "autoscaler/tick.h"
#include "cli/autoscale/counting.h"
#include "cli/views/plan_summary.h"
#include "planner/changes.h"
#include "planner/planner.h"

namespace rayctl {
namespace {

constexpr Millis kHeartbeat{1'000};
constexpr Millis kCall{10'000};
/// A node that Ray does not list for a moment (its control service restarts, say) is left alone.
constexpr Millis kMissing{30'000};

/// Whether a node does its work with what an older file put on it: to change that is an operator's.
bool well_as_it_is(const NodeRecord& record, const Desired& desired, const RayView& ray) {
  const auto seen = ray.nodes.find(record.id);
  const auto spec = desired.specs.find(record.type);
  if (record.phase != Phase::kReady || spec == desired.specs.end()) return false;
  if (seen == ray.nodes.end() || seen->second.state != RayNode::State::kAlive) return false;
  return planning::needs_of(record, spec->second.digests, desired.files_beside_ray).any();
}

/// A node that goes leaves its place only when it is gone: what would be too many until then is
/// launched at a later tick.
Scale within_room(const Config& config, const Fleet& fleet, const Decision& decision) {
  Scale scale = decision.scale;
  std::map<NodeTypeName, int> going;
  int places = config.max_workers;
  for (const FleetNode& node : fleet.nodes) {
    if (!scale.release.contains(node.name)) continue;
    ++going[node.type];
    --places;
  }
  for (const auto& [type, want] : scale.want)
    places -= want;
  for (const auto& [type, count] : decision.launch) {
    const NodeTypeConfig* of = config.find(type);
    int& want = scale.want.at(type);
    const int over = std::max(want + going[type] - (of ? of->max_workers : 0), -places);
    const int later = std::clamp(over, 0, count);
    want -= later;
    places += later;
  }
  return scale;
}

}  // namespace

AutoscaleLoop::AutoscaleLoop(LoopParts parts)
    : parts_(std::move(parts)),
      watch_(parts_.world, parts_.config),
      hands_(parts_.apply, parts_.world.clock, parts_.beside),
      voice_(parts_.write),
      memory_(parts_.books.memory()) {
  status_.since = parts_.world.clock.now();
  status_.metrics = parts_.metrics_address;
}

bool AutoscaleLoop::tick() {
  const Turn::Say say = parts_.turn.ask();
  if (say == Turn::Say::kEnded) return false;
  if (say == Turn::Say::kOthers) {
    yield();
    show("standing by", parts_.turn.trouble());
    return true;
  }
  const bool was_busy = hands_.busy();
  Result<Sight> sight = look();
  if (!sight) {
    unreachable(sight.error());
    return true;
  }
  note_done(sight->snapshot);
  if (!sight->ray_seen()) {
    unreachable(sight->observed.ray ? sight->observed.ray->error()
                                    : transient(ErrorCode::kRayUnreachable, "no head runs"));
    return true;
  }
  decide_and_act(*std::move(sight), was_busy);
  return true;
}

Result<Sight> AutoscaleLoop::look() {
  Result<Sight> sight = watch_.look();
  if (sight && parts_.notices) parts_.notices(sight->observed);
  return sight;
}

void AutoscaleLoop::decide_and_act(Sight sight, bool was_busy) {
  const Time now = parts_.world.clock.now();
  const Pause pause = parts_.books.pause();
  const bool paused = pause.holds(now);
  DecideOptions options;
  if (paused) options.frozen = pause.types;
  Ticked tick{.at = now,
              .load = sight.load,
              .fleet = steady(make_fleet(sight.snapshot, sight.observed), now, last_fleet_,
                              memory_.last_tick),
              .before = memory_,
              .options = options,
              .decision = {},
              .done = std::exchange(done_, {})};
  last_fleet_ = tick.fleet;
  tick.fleet.happened = std::exchange(happened_, {});
  tick.decision = decide(tick.load, parts_.config, tick.fleet, memory_, now, options);
  memory_ = tick.decision.memory;
  parts_.books.keep(tick, parts_.config);
  if (watch_.head().id != head_) {
    voice_.forget();
    head_ = watch_.head().id;
    if (!parts_.metrics_address.empty()) {
      static_cast<void>(watch_.ray()->put_key("", "AutoscalerMetricsAddress",
                                              parts_.metrics_address, now + kCall));
    }
  }
  Result<> told = voice_.tell(*watch_.ray(), watch_.head(),
                              report_of(tick.load, sight.snapshot, tick.fleet, tick.decision),
                              sayings_of(tick.fleet, tick.decision), now);
  log_trouble(told ? "" : told.error().message);
  if (parts_.publish) {
    parts_.publish(
        metrics_text(counters_, parts_.config, tick.fleet, tick.decision, sight.session_name));
  }
  status_.wanted = tick.decision.scale.want;
  if (paused && pause.all) {
    hands_.leave();
    show("paused");
  } else {
    Wanted wanted{.scale = within_room(parts_.config, tick.fleet, tick.decision),
                  .hold = tick.decision.hold};
    wanted.hold.merge(not_in_ray(sight, tick.fleet));
    act(std::move(sight), wanted, was_busy);
  }
}

std::set<NodeName> AutoscaleLoop::not_in_ray(const Sight& sight, const Fleet& fleet) {
  const Time now = parts_.world.clock.now();
  std::set<NodeName> held;
  std::map<NodeName, Time> missing;
  for (const FleetNode& node : fleet.nodes) {
    const auto record = sight.snapshot.nodes.find(node.name);
    if (node.head || record == sight.snapshot.nodes.end()) continue;
    if (record->second.phase != Phase::kReady) continue;
    if ((**sight.observed.ray).nodes.contains(node.id)) continue;
    const auto before = missing_since_.find(node.name);
    const Time since = before == missing_since_.end() ? now : std::min(before->second, now);
    missing[node.name] = since;
    if (now - since < kMissing) held.insert(node.name);
  }
  missing_since_ = std::move(missing);
  return held;
}

Result<Plan> AutoscaleLoop::plan_for(const Sight& sight, const Wanted& wanted) const {
  Result<Desired> desired = parts_.desire(wanted.scale, sight.snapshot);
  if (!desired) return desired.error();
  desired->autoscaler = sight.snapshot.autoscaler;
  if (!sight.snapshot.config.empty()) desired->config = sight.snapshot.config;
  PlanOptions options{.no_restart = true, .overrides = sight.snapshot.overrides};
  for (const NodeName& name : wanted.hold)
    options.exclude.push_back(name.text);
  std::set<NodeName> begun;
  for (const OpenOp& op : sight.snapshot.open) {
    for (const NodeName& name : nodes_of(op.action))
      begun.insert(name);
  }
  for (const auto& [name, record] : sight.snapshot.nodes) {
    const bool stays = !wanted.scale.release.contains(name) && !begun.contains(name);
    if (record.head || (stays && well_as_it_is(record, *desired, **sight.observed.ray)))
      options.exclude.push_back(name.text);
  }
  return make_plan(*desired, sight.snapshot, sight.observed, options);
}

void AutoscaleLoop::act(Sight sight, const Wanted& wanted, bool was_busy) {
  if (was_busy) {
    if (hands_.busy() && doing_ == wanted) return show("working");
    // What was seen was seen while a plan was changing it.
    hands_.leave();
    Result<Sight> again = look();
    if (!again || !again->ray_seen()) return show("working");
    sight = *std::move(again);
    note_done(sight.snapshot);
  }
  Result<Plan> plan = plan_for(sight, wanted);
  if (!plan) return unreachable(plan.error());
  if (!plan->blocked.empty()) return show("blocked", plan->blocked.front().summary);
  if (plan->steps.empty()) return show("idle");
  status_.doing = summary_line(*plan);
  parts_.books.log(parts_.world.clock.now(), status_.doing);
  doing_ = wanted;
  show("working");
  hands_.begin(*std::move(plan));
}

void AutoscaleLoop::note_done(const Snapshot& records) {
  std::optional<Hands::Done> done = hands_.take_done();
  if (!done) return;
  const Time now = parts_.world.clock.now();
  doing_.reset();
  if (!done->report) {
    done_.push_back("not applied: " + done->report.error().message);
    parts_.books.log(now, done_.back());
    return;
  }
  count_run(done->plan, *done->report, counters_);
  for (Happened& each : happened_in(done->plan, *done->report, records, now))
    happened_.push_back(std::move(each));
  for (const StepResult& result : done->report->steps) {
    if (result.outcome != StepResult::Outcome::kFailed) continue;
    const Step& step = done->plan.steps[static_cast<std::size_t>(result.step)];
    std::string line = verb_of(step.action);
    for (const NodeName& node : nodes_of(step.action))
      line += " " + node.text;
    done_.push_back(line + ": " + result.error.message);
    parts_.books.log(now, done_.back());
  }
  if (done->report->complete()) done_.push_back("done: " + summary_line(done->plan));
}

void AutoscaleLoop::unreachable(const Error& error) {
  const Time now = parts_.world.clock.now();
  ++counters_.tick_errors;
  happened_.push_back({.kind = Happened::Kind::kUnreachable, .what = error.message, .at = now});
  if (happened_.size() > 100) happened_.erase(happened_.begin());
  log_trouble(error.message);
  show("waiting", error.message);
}

void AutoscaleLoop::log_trouble(const std::string& trouble) {
  if (!trouble.empty() && trouble != last_trouble_)
    parts_.books.log(parts_.world.clock.now(), trouble);
  last_trouble_ = trouble;
}

void AutoscaleLoop::yield() {
  hands_.leave();
  parts_.turn.give_back();
}

void AutoscaleLoop::show(const std::string& state, const std::string& trouble) {
  status_.at = parts_.world.clock.now();
  status_.state = state;
  if (!hands_.busy() && state != "working") status_.doing.clear();
  status_.trouble = trouble;
  status_.holder = parts_.turn.holder();
  parts_.books.show(status_);
}

void AutoscaleLoop::run(std::stop_token stop) {
  Clock& clock = parts_.world.clock;
  while (!stop.stop_requested()) {
    const Time begun = clock.now();
    if (!tick()) break;
    const bool was_busy = hands_.busy();
    bool ended = false;
    while (!ended && clock.now() - begun < parts_.interval && clock.now() >= begun) {
      if (!clock.sleep(kHeartbeat, stop)) break;
      const Turn::Say say = parts_.turn.ask();
      if (say != Turn::Say::kMine) yield();
      if (say == Turn::Say::kEnded) ended = true;
      if (was_busy && !hands_.busy()) break;
    }
    if (ended) break;
  }
  yield();
  show("stopped");
}

}  // namespace rayctl
