#include "autoscaler/simulate.h"

#include <algorithm>
#include <utility>

#include "autoscaler/playground.h"

namespace rayctl {
namespace {

using Stage = FleetNode::Stage;

/// Late enough that nothing lies before 1970.
constexpr Time kBegin{Millis{1'800'000'000'000}};
/// After so long without any change, the longest idle time-out aside, nothing will come any more.
constexpr Millis kQuiet{45 * 60'000};

/// SplitMix64: the same numbers everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  /// True with the chance `share`.
  bool falls(double share) {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1.0p-53 < share;
  }

 private:
  std::uint64_t state_;
};

class Simulator {
 public:
  Simulator(const Config& config, const std::vector<TraceEvent>& trace,
            const SimulationOptions& options)
      : config_(config), trace_(trace), options_(options), dice_(options.seed) {
    if (options_.interval < Millis{1}) options_.interval = Millis{1};
  }

  SimulationResult run() {
    FleetNode head = node_of(config_.head_type, "head");
    head.head = true;
    world_.add(std::move(head));
    world_.join(world_.fleet().nodes.back(), now_);
    for (changed_at_ = now_;; now_ += options_.interval) {
      catch_up();
      decide_and_act();
      if (over()) break;
    }
    result_.length = now_ - kBegin;
    result_.unplaced = world_.waiting();
    for (const FleetNode& node : world_.fleet().nodes)
      count_hours(node);
    count_waits();
    return std::move(result_);
  }

 private:
  FleetNode node_of(const NodeTypeName& type, std::string name) const {
    FleetNode node{.name = {name}, .type = type, .id = {std::move(name)}};
    node.since = now_;
    if (const NodeTypeConfig* config = config_.find(type)) {
      node.total = config->resources;
      node.labels = config->labels;
    }
    return node;
  }

  SimulationResult::TypeUse& use_of(const NodeTypeName& type) { return result_.types[type]; }

  void count_hours(const FleetNode& node) {
    use_of(node.type).node_hours += static_cast<double>((now_ - node.since).count()) / 3'600'000;
  }

  /// All that happens until now, in its order: arrivals, ends of tasks, nodes that come up.
  void catch_up() {
    for (;;) {
      std::optional<Time> next = world_.next_end();
      const auto sooner = [&](Time at) { next = std::min(next.value_or(at), at); };
      if (arrived_ < trace_.size()) sooner(kBegin + trace_[arrived_].at);
      if (!booting_.empty()) sooner(booting_.begin()->first);
      if (!next || *next > now_) return;
      world_.finish(*next);
      boot(*next);
      for (; arrived_ < trace_.size() && kBegin + trace_[arrived_].at <= *next; ++arrived_)
        world_.arrive(trace_[arrived_], *next);
      world_.place(*next);
      changed_at_ = now_;
    }
  }

  void boot(Time until) {
    std::set<NodeName> up;
    while (!booting_.empty() && booting_.begin()->first <= until) {
      up.insert(booting_.begin()->second);
      booting_.erase(booting_.begin());
    }
    if (up.empty()) return;
    for (FleetNode& node : world_.fleet().nodes) {
      if (node.stage != Stage::kStarting || !up.contains(node.name)) continue;
      const bool failed = dice_.falls(options_.set_up_failures);
      if (failed) {
        node.stage = Stage::kFailed;
        node.failure = "set-up failed";
        ++use_of(node.type).set_up_failures;
      } else {
        world_.join(node, until);
      }
      happened_.push_back({.kind = failed ? Happened::Kind::kSetUpFailed : Happened::Kind::kJoined,
                           .type = node.type,
                           .node = node.name,
                           .what = node.failure,
                           .at = until});
    }
  }

  void decide_and_act() {
    const Load load = world_.load(now_);
    world_.fleet().happened = std::exchange(happened_, {});
    Decision decision = decide(load, config_, world_.fleet(), memory_, now_);
    memory_ = std::move(decision.memory);
    result_.unmet = std::move(decision.unmet);
    release(decision);
    try_again(decision);
    for (const auto& [type, count] : decision.launch) {
      for (int i = 0; i < count; ++i)
        launch(type);
    }
    note(decision);
  }

  void release(const Decision& decision) {
    std::set<NodeName> go;
    for (const Release& each : decision.release)
      go.insert(each.node);
    std::set<NodeName> gone;
    std::vector<FleetNode>& nodes = world_.fleet().nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (go.contains(nodes[i].name)) nodes[i].stage = Stage::kLeaving;
      if (nodes[i].stage != Stage::kLeaving || world_.busy(i)) continue;
      gone.insert(nodes[i].name);
      count_hours(nodes[i]);
      ++use_of(nodes[i].type).removed;
    }
    if (!gone.empty() || !go.empty()) changed_at_ = now_;
    world_.remove(gone);
  }

  /// Failed nodes that are not held are set up once more.
  void try_again(const Decision& decision) {
    for (FleetNode& node : world_.fleet().nodes) {
      if (node.stage != Stage::kFailed || decision.hold.contains(node.name)) continue;
      node.stage = Stage::kStarting;
      node.failure.clear();
      booting_.emplace(now_ + options_.boot, node.name);
      changed_at_ = now_;
    }
  }

  void launch(const NodeTypeName& type) {
    SimulationResult::TypeUse& use = use_of(type);
    changed_at_ = now_;
    if (dice_.falls(options_.launch_failures)) {
      ++use.launch_failures;
      happened_.push_back(
          {.kind = Happened::Kind::kLaunchFailed, .type = type, .what = "no capacity", .at = now_});
      return;
    }
    FleetNode node = node_of(type, type.text + "-" + std::to_string(++use.launched));
    booting_.emplace(now_ + options_.boot, node.name);
    world_.add(std::move(node));
  }

  void note(const Decision& decision) {
    SimulationResult::Sample sample{
        .at = now_ - kBegin, .waiting = world_.waiting(), .running = world_.running()};
    for (const auto& [type, count] : decision.scale.want)
      sample.wanted += count;
    std::map<NodeTypeName, int> there;
    for (const FleetNode& node : world_.fleet().nodes) {
      ++there[node.type];
      if (!node.head && (node.stage == Stage::kRunning || node.stage == Stage::kLeaving)) {
        ++sample.nodes;
      }
    }
    for (const auto& [type, count] : there)
      use_of(type).most = std::max(use_of(type).most, count);
    result_.samples.push_back(sample);
  }

  bool only_the_least() const {
    std::map<NodeTypeName, int> there;
    for (const FleetNode& node : world_.fleet().nodes) {
      if (!node.head) ++there[node.type];
    }
    return std::all_of(there.begin(), there.end(), [&](const auto& each) {
      const NodeTypeConfig* type = config_.find(each.first);
      return type && each.second <= type->min_workers;
    });
  }

  bool over() const {
    if (now_ - kBegin >= options_.longest) return true;
    if (arrived_ < trace_.size() || !booting_.empty() || world_.running() > 0) return false;
    const bool hopeless = std::all_of(result_.unmet.begin(), result_.unmet.end(),
                                      [](const Unmet& each) { return each.impossible; });
    const bool waits = world_.waiting() > 0 && (result_.unmet.empty() || !hopeless);
    if (!waits && only_the_least()) return true;
    double timeout_s = config_.idle_timeout_minutes * 60;
    for (const NodeTypeConfig& type : config_.node_types)
      timeout_s = std::max(timeout_s, type.idle_timeout_s.value_or(0));
    return std::chrono::duration<double>(now_ - changed_at_ - kQuiet).count() > timeout_s;
  }

  void count_waits() {
    SimulationResult::Waits& waits = result_.waits;
    double sum = 0;
    for (const auto& [wait, count] : world_.waits()) {
      waits.count += count;
      sum += static_cast<double>(wait.count()) * static_cast<double>(count);
      waits.longest = wait;
    }
    if (waits.count == 0) return;
    waits.mean = Millis{static_cast<std::int64_t>(sum / static_cast<double>(waits.count))};
    std::int64_t so_far = 0;
    for (const auto& [wait, count] : world_.waits()) {
      if (so_far * 2 < waits.count) waits.half = wait;
      if (so_far * 20 < waits.count * 19) waits.most_of_all = wait;
      so_far += count;
    }
  }

  const Config& config_;
  const std::vector<TraceEvent>& trace_;
  SimulationOptions options_;
  Dice dice_;
  Playground world_;
  Memory memory_;
  Time now_ = kBegin;
  Time changed_at_{};
  std::size_t arrived_ = 0;
  std::set<std::pair<Time, NodeName>> booting_;
  std::vector<Happened> happened_;
  SimulationResult result_;
};

}  // namespace

SimulationResult simulate(const Config& config, const std::vector<TraceEvent>& trace,
                          const SimulationOptions& options) {
  return Simulator(config, trace, options).run();
}

}  // namespace rayctl
