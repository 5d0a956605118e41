#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "autoscaler/decide.h"
#include "autoscaler/trace.h"

namespace rayctl {

/// What the simulated world is like.
struct SimulationOptions {
  Millis interval{5'000};                ///< between two decisions
  Millis boot{90'000};                   ///< from the launch of a node until it is in Ray
  double launch_failures = 0;            ///< share of launches that make no machine, 0..1
  double set_up_failures = 0;            ///< share of nodes whose set-up fails, 0..1
  std::uint64_t seed = 1;                ///< of both
  Millis longest{7LL * 24 * 3'600'000};  ///< the simulation ends then at the latest
};

struct SimulationResult {
  struct TypeUse {
    double node_hours = 0;  ///< from launch to end
    int launched = 0, removed = 0, most = 0;
    int launch_failures = 0, set_up_failures = 0;
    bool operator==(const TypeUse&) const = default;
  };
  /// From the arrival of a task (or of a group's bundle) until it has a place.
  struct Waits {
    std::int64_t count = 0;
    Millis mean{0}, half{0}, most_of_all{0}, longest{0};  ///< half: 50 %, most_of_all: 95 %
    bool operator==(const Waits&) const = default;
  };
  struct Sample {
    Millis at{0};
    std::int64_t waiting = 0, running = 0;  ///< tasks and bundles
    int wanted = 0, nodes = 0;              ///< workers; `nodes` are those in Ray
    bool operator==(const Sample&) const = default;
  };
  Millis length{0};
  std::map<NodeTypeName, TypeUse> types;  ///< the head's among them
  Waits waits;
  std::int64_t unplaced = 0;    ///< what still waits at the end
  std::vector<Unmet> unmet;     ///< why, as the last decision has it
  std::vector<Sample> samples;  ///< one for each decision
  bool operator==(const SimulationResult&) const = default;
};

/// Plays a trace against decide() with a clock turned by hand: nodes start and fail as the options
/// say, tasks run where the first node has room (nodes by age), groups all or nothing, a released
/// node ends when what runs there has. Ends when all has run and no worker is left but those of
/// min_workers, or when nothing changes any more. Pure: equal input gives an equal result.
SimulationResult simulate(const Config& config, const std::vector<TraceEvent>& trace,
                          const SimulationOptions& options);

}  // namespace rayctl
