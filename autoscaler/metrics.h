#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "autoscaler/decide.h"

namespace rayctl {

/// How often something took how long, as Prometheus counts it. Durations in seconds.
class Histogram {
 public:
  static constexpr std::array kLaunchBounds = {5.0,   10.0,  20.0,   30.0,   45.0,  60.0,  90.0,
                                               120.0, 180.0, 240.0,  300.0,  360.0, 480.0, 600.0,
                                               720.0, 900.0, 1200.0, 1500.0, 1800.0};
  static constexpr std::array kUpdateBounds = {0.01, 0.1, 1.0, 10.0, 100.0, 1000.0};
  explicit Histogram(std::span<const double> bounds);
  void observe(double seconds);
  std::span<const double> bounds() const { return bounds_; }
  const std::vector<std::int64_t>& counts() const { return counts_; }  ///< one more than bounds
  double sum() const { return sum_; }

 private:
  std::span<const double> bounds_;
  std::vector<std::int64_t> counts_;
  double sum_ = 0;
};

/// What the loop counts since its start.
struct AutoscalerCounters {
  Histogram launch_time{Histogram::kLaunchBounds};  ///< until a machine was there, by node
  Histogram set_up_time{Histogram::kLaunchBounds};  ///< of set-ups that succeeded
  Histogram tick_time{Histogram::kUpdateBounds};
  std::int64_t started = 0, stopped = 0;  ///< nodes
  std::int64_t launches_failed = 0;       ///< nodes that no machine was made for
  std::int64_t launch_errors = 0;         ///< calls that failed
  std::int64_t set_ups = 0, set_ups_failed = 0;
  /// Of nodes in the fleet whose Ray ended and is started again.
  std::int64_t recovering = 0, recoveries = 0, recoveries_failed = 0;
  std::int64_t tick_errors = 0, reset_errors = 0, config_errors = 0, drain_errors = 0;
};

/// The text that Prometheus reads (text format 0.0.4), with the names and labels of Ray's own
/// autoscaler, so that its dashboards and alerts go on working. `config` gives what nodes that are
/// not up yet will have. Pure.
std::string metrics_text(const AutoscalerCounters& counters, const Config& config,
                         const Fleet& fleet, const Decision& decision,
                         const std::string& session_name);

}  // namespace rayctl
