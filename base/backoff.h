#pragma once
#include "base/clock.h"

namespace rayctl {

/// How long to wait before a retry. Pure: the random part is passed in.
struct BackoffPolicy {
  Millis first{200};    ///< before the first retry
  Millis most{10'000};  ///< never longer than this
  int attempts = 5;     ///< tries in all, the first included
};

/// Full jitter: a share `random` (0..1) of min(most, first * 2^retry), never below `hint` (what
/// the server asked for). `retry` counts from 0. Total: any input gives a duration in
/// [hint, max(most, hint)].
Millis backoff_delay(const BackoffPolicy& policy, int retry, double random,
                     Millis hint = Millis{0});

}  // namespace rayctl
