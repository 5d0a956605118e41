#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "autoscaler/decide.h"
#include "autoscaler/metrics.h"
#include "cli/autoscale/books.h"
#include "cli/autoscale/hands.h"
#include "cli/autoscale/turn.h"
#include "cli/autoscale/voice.h"
#include "cli/autoscale/watch.h"
#include "model/config.h"
#include "model/desired.h"
#include "model/plan.h"

namespace rayctl {

/// What a loop works with. The references outlive it.
struct LoopParts {
  World& world;
  const Config& config;  ///< with the resources of every node type filled in
  /// The goal for these counts.
  std::function<Result<Desired>(const Scale& scale, const Snapshot& snapshot)> desire;
  Hands::Apply apply;
  bool beside = true;  ///< plans are applied in a thread of their own
  Turn& turn;
  Books& books;
  /// Adds to what was seen when machines will be taken away; may be null.
  std::function<void(Observed& observed)> notices;
  Voice::Write write;
  std::function<void(std::string metrics)> publish;  ///< for Prometheus; may be null
  std::string metrics_address;                       ///< where they are; Ray is told
  Millis interval{5'000};
};

/// The autoscaler: looks, decides, reports, and lets a plan be applied that does just that.
/// Crash-only: all that it needs to go on is in the store, on the machines and (for the better) in
/// its books.
class AutoscaleLoop {
 public:
  explicit AutoscaleLoop(LoopParts parts);

  /// One round; false: the loop is to end. While it is somebody else's turn nothing is looked at,
  /// decided or said.
  bool tick();
  /// Rounds until told to stop, or until its turn has ended; then leaves what is in flight.
  void run(std::stop_token stop);

 private:
  struct Wanted {
    Scale scale;
    std::set<NodeName> hold;
    bool operator==(const Wanted&) const = default;
  };
  Result<Sight> look();
  void note_done(const Snapshot& records);
  void decide_and_act(Sight sight, bool was_busy);
  /// `was_busy`: a plan was applied when `sight` was taken.
  void act(Sight sight, const Wanted& wanted, bool was_busy);
  Result<Plan> plan_for(const Sight& sight, const Wanted& wanted) const;
  void yield();
  void unreachable(const Error& error);
  /// A line where it is another trouble than at the last tick; "": there is none.
  void log_trouble(const std::string& trouble);
  /// Ready nodes that are there and that Ray has not listed for less than a moment.
  std::set<NodeName> not_in_ray(const Sight& sight, const Fleet& fleet);
  void show(const std::string& state, const std::string& trouble = "");

  LoopParts parts_;
  Watch watch_;
  Hands hands_;
  Voice voice_;
  Memory memory_;
  std::vector<Happened> happened_;
  std::vector<std::string> done_;
  std::optional<Wanted> doing_;
  std::map<NodeName, Time> missing_since_;
  Fleet last_fleet_;  ///< as of the last tick, without what happened
  LoopStatus status_;
  AutoscalerCounters counters_;
  CloudId head_;
  std::string last_trouble_;
};

}  // namespace rayctl
