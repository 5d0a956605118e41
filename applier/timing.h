#pragma once
#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// One call to a provider, to GCS or to a node that is not itself a wait for something long.
inline constexpr Millis kCallTimeout{60'000};
/// Sending the files of one mount.
inline constexpr Millis kSyncTimeout{3'600'000};
/// How old a list of machines may be when a step looks whether its machine still runs.
inline constexpr Millis kListAge{30'000};
/// How long a terminated machine may go on being listed as running.
inline constexpr Millis kGoneTimeout{120'000};
/// How long a list may omit a machine that was just made; as the planner has it.
inline constexpr Millis kListLag{120'000};
/// What Ray gets to end by itself before it is killed; its own drain takes up to 30 s.
inline constexpr Millis kStopGrace{30'000};
/// `ray start` gives up by itself after 30 s when its raylet does not come up (Ray's node.py).
inline constexpr Millis kRayStartupTimeout{30'000};
/// Waits for Ray look again after this long, growing to kPollMost.
inline constexpr Millis kPollFirst{200};
inline constexpr Millis kPollMost{1'000};

/// What a wait ends with when its run is told to leave what is in flight.
inline Error left_for_later() {
  return unknown_outcome(ErrorCode::kInterrupted, "left as it is, for a later run to go on with");
}

}  // namespace rayctl
