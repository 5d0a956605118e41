#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "autoscaler/decide.h"
#include "base/result.h"
#include "model/json.h"

namespace rayctl {

/// All that one decision rested on, and what it was: decide() gives the same again.
struct Tick {
  std::int64_t number = 0;  ///< rises by one, over restarts too
  Time at{};
  Load load;
  Config config;  ///< only what decide() reads (autoscaler/codec_fields.h)
  Fleet fleet;
  Memory memory;  ///< before
  DecideOptions options;
  Decision decision;
  std::vector<std::string> done;  ///< what came of earlier decisions since the last tick
};

/// The tick of a decision that was just made. A Config kept whole could hold passwords and is
/// large: what is kept of it has a start digest of its own, to which the memories are translated.
Tick make_tick(std::int64_t number, Time at, const Load& load, const Config& config,
               const Fleet& fleet, const Memory& memory, const DecideOptions& options,
               const Decision& decision, const std::vector<std::string>& done);

/// `seen` with the idle times of nodes whose idleness began when it did in `before`, up to a
/// second, made to begin at the very same moment: Ray's times come with a jitter, and a fleet that
/// does not change is then not written again at every tick.
Fleet steady(Fleet seen, Time at, const Fleet& before, Time at_before);

/// Codec with `format_version` (docs/formats/autoscaler_tick.md). Errors are kStateTooNew and
/// kStateCorrupt. Nodes are keyed by name and hold since when they are idle, so that the difference
/// between one tick and the next is small.
Json to_json(const Decision& decision);
Json to_json(const Tick& tick);
Result<Tick> tick_from_json(const Json& json);

}  // namespace rayctl
