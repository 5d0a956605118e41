#pragma once
#include "base/clock.h"

namespace rayctl {

/// Tells when enough time has passed to speak again. Not thread-safe.
class Pace {
 public:
  Pace(Millis pause, Time begun) : pause_(pause), due_(begun + pause) {}
  /// True at most once in each pause, and not in the first one.
  bool due(Time now) {
    if (now < due_) return false;
    due_ = now + pause_;
    return true;
  }

 private:
  Millis pause_;
  Time due_;
};

}  // namespace rayctl
