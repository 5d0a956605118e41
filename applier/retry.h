#pragma once
#include "applier/world.h"
#include "base/backoff.h"

namespace rayctl {

/// Which failures may be followed by another try.
enum class Repeat {
  kTransient,  ///< only those that certainly did nothing
  kHarmless,   ///< also those whose outcome is unknown: doing it twice is the same as once
};

/// Calls until it succeeds, fails for good or the policy's tries are used up; waits with backoff
/// between. Being told to stop does not end it: what was begun is finished.
template <class Call>
auto retrying(World& world, Repeat repeat, Call call, BackoffPolicy policy = {}) {
  for (int retry = 0;; ++retry) {
    auto result = call();
    if (result) return result;
    const Fault fault = result.error().fault;
    const bool again =
        fault == Fault::kTransient || (fault == Fault::kUnknown && repeat == Repeat::kHarmless);
    if (!again || retry + 1 >= policy.attempts) return result;
    world.clock.sleep(backoff_delay(policy, retry, world.random()), {});
  }
}

}  // namespace rayctl
