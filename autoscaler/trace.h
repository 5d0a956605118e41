#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/load.h"

namespace rayctl {

/// Something that comes at one moment of a trace: `count` times the same task or placement group,
/// or a call of request_resources().
struct TraceEvent {
  Millis at{0};                          ///< since the trace's begin
  std::vector<ResourceRequest> bundles;  ///< one, or those of a group
  std::optional<GangStrategy> strategy;  ///< of a group
  std::int64_t count = 1;
  Millis runs{0};                            ///< once it has a place
  std::optional<std::vector<Demand>> asked;  ///< instead of all that: what is asked for from now on
  bool operator==(const TraceEvent&) const = default;
};

/// Reads a trace (docs/formats/autoscaler_trace.md), NDJSON. The events by time. kUsage names the
/// line of the first mistake.
Result<std::vector<TraceEvent>> parse_trace(std::string_view text);

}  // namespace rayctl
