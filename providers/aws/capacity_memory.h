#pragma once
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "providers/aws/alternatives.h"

namespace rayctl::aws {

/// Where capacity was lacking a short while ago, so that the next launch begins elsewhere. Lives as
/// long as the program. Thread-safe.
class CapacityMemory {
 public:
  /// How long a lack is remembered.
  static constexpr Millis kFor{10 * 60'000};

  void lacked(const Alternative& alternative, Time now);
  /// The same alternatives, those that lacked capacity last; else in their order.
  std::vector<Alternative> sorted(std::vector<Alternative> all, Time now) const;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // zone, type, market
  static Key key(const Alternative& alternative);
  mutable std::mutex mutex_;
  std::map<Key, Time> lacks_;
};

}  // namespace rayctl::aws
