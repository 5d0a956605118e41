#include "autoscaler/arrange.h"

#include <algorithm>

#include "autoscaler/clean_load.h"
#include "autoscaler/launch_plan.h"
#include "autoscaler/reasons.h"
#include "autoscaler/verdict.h"
#include "autoscaler/words.h"
#include "base/text.h"

namespace rayctl {
namespace {

class Arranger {
 public:
  Arranger(const Load& load, const Config& config, const Fleet& fleet, const Memory& memory,
           const Brakes& brakes, Time now, const DecideOptions& options)
      : load_(load),
        config_(config),
        brakes_(brakes),
        fleet_(fleet),
        options_(options),
        census_(config, fleet, memory, now, options),
        types_(view_types(config, census_, brakes)),
        seats_(load, config, census_, types_) {}

  Decision run() {
    seats_.launch_minimum();
    seats_.place_asked();
    seats_.place_gangs();
    seats_.place_demands();
    launches_.emplace(config_, census_, types_, brakes_, seats_);
    if (options_.scale_down) release_idle();
    hold_failed();
    say_unmet();
    return finish();
  }

 private:
  std::size_t types() const { return types_.size(); }

  double timeout_ms(std::size_t type) const {
    const auto& own = types_[type].config->idle_timeout_s;
    return std::max(0.0, own ? *own * 1e3 : config_.idle_timeout_minutes * 60e3);
  }

  void release_idle() {
    for (const std::size_t i : census_.in_order_of_loss()) {
      Resident& each = census_.at(i);
      const auto type = static_cast<std::size_t>(each.type);
      if (each.node->stage != FleetNode::Stage::kRunning || !each.idle) continue;
      if (!(static_cast<double>(each.idle->count()) > timeout_ms(type))) continue;
      const std::string idle = "idle for " + format_age(*each.idle);
      const int least = std::max(types_[type].config->min_workers, launches_->wish(type));
      if (const ResourceRequest* held = seats_.held_by(i)) {
        keep(each, idle + ", kept for " + in_words(*held));
      } else if (census_.count(each.type) + launches_->count(type) <= least) {
        keep(each, idle + ", kept: " + least_because(type));
      } else {
        const Millis limit{static_cast<std::int64_t>(timeout_ms(type))};
        census_.release(each, Cause::kIdle, idle + ", longer than " + format_age(limit));
      }
    }
  }

  std::string least_because(std::size_t type) const {
    const NodeTypeConfig& of = *types_[type].config;
    if (launches_->wish(type) > of.min_workers) {
      return "use asks for " + std::to_string(launches_->wish(type)) + " of " + of.name.text;
    }
    return "min_workers of " + of.name.text + " is " + std::to_string(of.min_workers);
  }

  void keep(const Resident& each, std::string text) {
    decision_.reasons.push_back({each.node->type, each.node->name, 1, std::move(text)});
  }

  /// Failed nodes wait until their type is tried again; then the first of them tries alone.
  void hold_failed() {
    std::vector<bool> tries(types(), false);
    for (const Resident& each : census_.residents()) {
      if (!each.stays() || each.type < 0 || each.node->failure.empty()) continue;
      const auto type = static_cast<std::size_t>(each.type);
      const auto pace = brakes_.pace.find(each.node->type);
      if (pace == brakes_.pace.end()) continue;
      const bool alone = pace->second.one_tries && tries[type];
      if (!pace->second.open || alone) decision_.hold.insert(each.node->name);
      tries[type] = true;
    }
  }

  void say_unmet() {
    const Judge judge(
        config_, census_, types_, [&](int type) { return seats_.places_of(type); },
        seats_.places());
    const Seats::Unplaced& unplaced = seats_.unplaced();
    if (unplaced.asked) say_asked(judge);
    for (const Gang* gang : unplaced.gangs) {
      Verdict verdict = judge.gang(*gang);
      decision_.unmet.push_back({.kind = Unmet::Kind::kGang,
                                 .gang = *gang,
                                 .impossible = verdict.impossible,
                                 .because = std::move(verdict.because)});
    }
    for (const Demand& demand : unplaced.demands) {
      Verdict verdict = judge.request(demand.request);
      decision_.unmet.push_back({.request = demand.request,
                                 .count = demand.count,
                                 .impossible = verdict.impossible,
                                 .because = std::move(verdict.because)});
    }
    for (const auto& [request, type_and_count] : put_off_by_request(launches_->put_off())) {
      const auto& [type, count] = type_and_count;
      decision_.unmet.push_back({.request = *request,
                                 .count = count,
                                 .because = pace_because(static_cast<std::size_t>(type))});
    }
  }

  void say_asked(const Judge& judge) {
    std::map<ResourceRequest, std::int64_t> asked;
    for (const Demand& demand : load_.asked)
      asked[demand.request] += demand.count;
    for (const auto& [request, count] : asked) {
      Verdict verdict = judge.request(request);
      if (!verdict.impossible) {
        verdict.because = "request_resources is met as a whole or not at all: " + verdict.because;
      }
      decision_.unmet.push_back({.kind = Unmet::Kind::kAsked,
                                 .request = request,
                                 .count = count,
                                 .impossible = verdict.impossible,
                                 .because = std::move(verdict.because)});
    }
  }

  std::string pace_because(std::size_t type) const {
    const NodeTypeName& name = types_[type].config->name;
    return "upscaling_speed lets " +
           plural(static_cast<std::size_t>(brakes_.at_once.at(name)), "node") + " of " + name.text +
           " be launched now";
  }

  Decision finish() {
    for (std::size_t i = 0; i < types(); ++i) {
      if (!is_worker_type(config_, i)) continue;
      const NodeTypeName& name = types_[i].config->name;
      decision_.scale.want[name] = census_.count(static_cast<int>(i)) + launches_->count(i);
      if (launches_->count(i) > 0) decision_.launch[name] = launches_->count(i);
    }
    for (const Resident& each : census_.residents()) {
      if (each.stays()) continue;
      const NodeName& name = each.node->name;
      decision_.scale.release.insert(name);
      if (each.leaves == Cause::kIdle) decision_.scale.if_idle.insert(name);
      decision_.release.push_back({name, each.node->type, *each.leaves, each.because});
    }
    // Who is on the way out already: a count must never make the planner choose another in its
    // place.
    for (const FleetNode& node : fleet_.nodes) {
      const bool leaving = node.stage == FleetNode::Stage::kLeaving;
      if (leaving && !node.head) decision_.scale.release.insert(node.name);
    }
    std::sort(decision_.release.begin(), decision_.release.end(),
              [](const Release& one, const Release& other) { return one.node < other.node; });
    add_launch_reasons();
    return std::move(decision_);
  }

  void add_launch_reasons() {
    std::vector<DecisionReason> launches = launch_reasons(launches_->launches(), types_);
    for (std::size_t i = 0; i < types(); ++i) {
      const NodeTypeConfig& type = *types_[i].config;
      const int lacking =
          std::max(0, type.min_workers) - census_.count(static_cast<int>(i)) - launches_->count(i);
      if (lacking <= 0 || !is_worker_type(config_, i)) continue;
      std::string why = types_[i].blocked;
      if (why.empty()) why = "max_workers of the cluster is " + std::to_string(config_.max_workers);
      launches.push_back(
          {type.name,
           {},
           lacking,
           "held back from min_workers " + std::to_string(type.min_workers) + ": " + why});
    }
    for (std::size_t i = 0; i < types(); ++i) {
      const auto count = std::count_if(
          launches_->put_off().begin(), launches_->put_off().end(),
          [&](const NewNode& node) { return static_cast<std::size_t>(node.type) == i; });
      if (count == 0) continue;
      launches.push_back(
          {types_[i].config->name, {}, static_cast<int>(count), "held back: " + pace_because(i)});
    }
    decision_.reasons.insert(decision_.reasons.begin(), launches.begin(), launches.end());
  }

  const Load& load_;
  const Config& config_;
  const Brakes& brakes_;
  const Fleet& fleet_;
  const DecideOptions& options_;
  Census census_;
  std::vector<TypeView> types_;
  Seats seats_;
  std::optional<LaunchPlan> launches_;
  Decision decision_;
};

}  // namespace

Decision arrange(const Load& load, const Config& config, const Fleet& fleet, Memory memory,
                 const Brakes& brakes, Time now, const DecideOptions& options) {
  const std::optional<Load> clean = without_nan(load);
  Decision decision =
      Arranger(clean ? *clean : load, config, fleet, memory, brakes, now, options).run();
  decision.memory = std::move(memory);
  return decision;
}

}  // namespace rayctl
