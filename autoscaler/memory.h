#pragma once
#include <map>
#include <string>

#include "autoscaler/fleet.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/config.h"
#include "model/json.h"
#include "model/load.h"
#include "model/names.h"

namespace rayctl {

/// What went wrong with a node type, in one place, and when it is worth another try.
struct Trouble {
  Happened::Kind kind = Happened::Kind::kLaunchFailed;
  int in_a_row = 0;
  Time first{}, last{};
  Time retry_at{};     ///< nothing is launched (or set up again) before
  std::string config;  ///< digest of the set-up that failed: another one is tried at once
  std::string what;    ///< the last one, for people
  bool operator==(const Trouble&) const = default;
};

/// What decisions know of the past. A value, saved with each tick; lost without harm.
struct Memory {
  /// By type, then by place ("" for all).
  std::map<NodeTypeName, std::map<std::string, Trouble>> trouble;
  /// Since when a node has been seen idle at every tick; absent: in use.
  std::map<NodeName, Time> idle_since;
  /// The older form's initial_workers have once been there.
  bool brought_up = false;
  Time last_tick{};
  bool operator==(const Memory&) const = default;
};

/// The memory after what was seen: clocks of idle nodes go on or end, failures are added (each
/// once) and decay, what joined clears its type's troubles. Pure.
Memory remember(Memory memory, const Config& config, const Load& load, const Fleet& fleet,
                Time now);

/// How long a node has been idle by our clock; nullopt if it is in use.
std::optional<Millis> idle_time(const Memory& memory, const FleetNode& node, Time now);

/// Codec with `format_version`; reading a later major is kStateTooNew, anything unreadable
/// kStateCorrupt: the caller starts with an empty memory.
Json to_json(const Memory& memory);
Result<Memory> memory_from_json(const Json& json);

}  // namespace rayctl
