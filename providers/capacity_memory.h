#pragma once
#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace rayctl {

/// Where capacity was lacking a short while ago, so that the next launch begins elsewhere. An
/// Alternative is a way to get machines; `std::string capacity_key(const Alternative&)`, in its own
/// namespace, names the pool that it takes them from. Lives as long as the program. Thread-safe.
template <class Alternative>
class CapacityMemory {
 public:
  /// How long a lack is remembered.
  static constexpr Millis kFor{10 * 60'000};

  void lacked(const Alternative& alternative, Time now) {
    const std::lock_guard lock(mutex_);
    lacks_[capacity_key(alternative)] = now;
  }
  /// The same alternatives, those that lacked capacity last; else in their order.
  std::vector<Alternative> sorted(std::vector<Alternative> all, Time now) const {
    const std::lock_guard lock(mutex_);
    std::stable_partition(all.begin(), all.end(), [&](const Alternative& alternative) {
      const auto lack = lacks_.find(capacity_key(alternative));
      return lack == lacks_.end() || now - lack->second >= kFor;
    });
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Time> lacks_;
};

}  // namespace rayctl
