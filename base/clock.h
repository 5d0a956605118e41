#pragma once
#include <chrono>
#include <stop_token>
#include <string>

namespace rayctl {

using Millis = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Millis>;  ///< UTC

/// The only source of time. Pure code never holds a Clock: it takes `Time now`. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  /// Waits for `duration`; false if told to stop before that.
  virtual bool sleep(Millis duration, std::stop_token stop) = 0;
};

/// The machine's own clock.
class SystemClock final : public Clock {
 public:
  Time now() const override;
  bool sleep(Millis duration, std::stop_token stop) override;
};

/// RFC 3339 in UTC with milliseconds: "2026-11-23T11:21:53.000Z".
std::string format_time(Time time);
/// Reads what format_time writes; the epoch for anything else.
Time parse_time(const std::string& text);
/// For people: "14 s", "3 min", "2 h", "5 d". Never negative.
std::string format_age(Millis age);

}  // namespace rayctl
