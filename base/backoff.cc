#include "base/backoff.h"

#include <algorithm>

namespace rayctl {

Millis backoff_delay(const BackoffPolicy& policy, int retry, double random, Millis hint) {
  const Millis most = std::max(policy.most, Millis{0});
  Millis ceiling = std::clamp(policy.first, Millis{0}, most);
  for (int i = 0; i < retry && ceiling.count() > 0 && ceiling < most; ++i) {
    ceiling = ceiling > most / 2 ? most : ceiling * 2;
  }
  if (random >= 1) return std::max(ceiling, hint);
  const double share = random > 0 ? random : 0.0;  // NaN counts as 0
  const Millis delay{static_cast<Millis::rep>(static_cast<double>(ceiling.count()) * share)};
  return std::max(delay, hint);
}

}  // namespace rayctl
