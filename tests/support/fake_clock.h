#pragma once
#include <functional>
#include <mutex>

#include "base/clock.h"

namespace rayctl {

/// A clock that stands still until somebody sleeps or turns it. Thread-safe.
class FakeClock final : public Clock {
 public:
  Time now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  bool sleep(Millis duration, std::stop_token stop) override {
    if (on_sleep) on_sleep();
    if (stop.stop_requested()) return false;
    turn(duration);
    return true;
  }
  void turn(Millis duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
  }

  std::function<void()> on_sleep;  ///< set before threads start

 private:
  mutable std::mutex mutex_;
  Time now_ = parse_time("2026-01-02T03:04:05.000Z");
};

}  // namespace rayctl
