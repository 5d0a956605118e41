#pragma once
#include <string>
#include <vector>

#include "autoscaler/replay.h"
#include "autoscaler/tick.h"
#include "cli/views/style.h"

namespace rayctl {

/// What was decided in a tick, what had no place and why, and what came of earlier decisions.
std::string render_tick(const Tick& tick, const Style& style);
Json tick_json(const Tick& tick);

/// Whether a person wants to read of a tick: something was launched or removed or came of that, or
/// other things have no place than in the tick before (nullptr: there was none).
bool worth_telling(const Tick& tick, const Tick* before);

/// "tick 8812  the same", or both sides of each difference.
std::string render_replay(const Tick& tick, const std::vector<ReplayDifference>& differences,
                          const Style& style);
Json replay_json(const Tick& tick, const std::vector<ReplayDifference>& differences);

/// "2026-11-28 14:02:11": UTC, to the second.
std::string time_for_people(Time time);

}  // namespace rayctl
