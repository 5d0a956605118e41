#pragma once
#include <map>
#include <optional>
#include <string>

#include "autoscaler/memory.h"

namespace rayctl {

/// What may be launched of one type now, apart from max_workers.
struct LaunchPace {
  bool open = true;  ///< false: back-off or quarantine; nothing is launched
  /// A quarantine has run out: one node at a time tries (a failed one that is set up again, else a
  /// new one), and the rest waits for how that ends.
  bool one_tries = false;
  std::string closed_because;  ///< for people: "3 launches failed, next try in 40 s: ..."
  Time opens_at{};
  double availability = 1.0;  ///< 0..1, lower after recent trouble: breaks ties between types
  bool operator==(const LaunchPace&) const = default;
};

/// By type, of all types of the config.
std::map<NodeTypeName, LaunchPace> launch_pace(const Memory& memory, const Config& config,
                                               Time now);

/// How many of `wanted` new nodes of a type may be launched in this tick: upscaling_speed, as Ray's
/// manual has it: at most max(5, speed * running nodes of the type) may be on their way at once.
/// What is needed for min_workers, request_resources and placement groups is not held back.
int launch_limit(const Config& config, const NodeTypeName& type, const Fleet& fleet);

/// Ray 0.8's rule on utilisation: the count of workers that it wants of the default worker type,
/// for a config in the older form or with target_utilization_fraction; nullopt: it does not apply.
/// Only ever raises a count. Sets `memory.brought_up`. What waits is not its business, unlike in
/// some releases of that time: demands count on their own, and one that no node can ever hold would
/// keep a worker running for nothing.
std::optional<int> usage_wish(const Config& config, const Fleet& fleet, Memory& memory);

/// The one that usage_wish speaks of: the older form's worker type, else the first worker type of
/// the file.
NodeTypeName default_worker_type(const Config& config);

/// upscaling_speed with the older keys that stand for it (autoscaling_mode: aggressive).
double upscaling_speed(const Config& config);

}  // namespace rayctl
