#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "autoscaler/decide.h"
#include "autoscaler/fleet.h"
#include "autoscaler/memory.h"
#include "model/config.h"
#include "model/load.h"

namespace rayctl {

/// What is held back by `rayctl autoscaler pause`.
struct Pause {
  bool all = false;              ///< nothing is launched or removed
  std::set<NodeTypeName> types;  ///< of these
  std::optional<Time> until;     ///< nullopt: until `resume`
  std::string who;
  bool holds(Time now) const { return (all || !types.empty()) && (!until || now < *until); }
  bool operator==(const Pause&) const = default;
};

/// One tick, from what was seen to what was decided.
struct Ticked {
  Time at{};
  Load load;
  Fleet fleet;
  Memory before;
  DecideOptions options;
  Decision decision;
  std::vector<std::string> done;  ///< what came of earlier decisions since the last tick
};

/// How the loop is, for `rayctl autoscaler status`.
struct LoopStatus {
  Time at{}, since{};
  std::string state;    ///< "working", "idle", "paused", "standing by", "waiting for Ray"
  std::string trouble;  ///< why it cannot work; ""
  std::string holder;   ///< of the lease, where it is another one
  std::map<NodeTypeName, int> wanted;
  std::string metrics;  ///< where Prometheus reads; ""
  std::string doing;    ///< the summary line of the plan that is applied; ""
};

/// What the loop keeps between ticks and shows to people. What cannot be written is given up
/// silently: a full disk must not end the loop.
class Books {
 public:
  virtual ~Books() = default;
  virtual Memory memory() = 0;
  virtual void keep(const Ticked& tick, const Config& config) = 0;
  virtual Pause pause() = 0;
  virtual void show(const LoopStatus& status) = 0;
  /// One line of the loop's log.
  virtual void log(Time at, const std::string& line) = 0;
};

}  // namespace rayctl
