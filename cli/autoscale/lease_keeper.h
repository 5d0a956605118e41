#pragma once
#include <atomic>
#include <functional>
#include <thread>

#include "cli/autoscale/lease.h"

namespace rayctl {

/// Beats for a lease that is held, about once a second on a thread of its own, until it is
/// destroyed (which releases nothing). Needs a clock that goes by itself.
class LeaseKeeper {
 public:
  /// `on_change` is called on that thread, when the wish becomes another than kGoOn; may be empty.
  LeaseKeeper(Lease& lease, Clock& clock, std::function<void(LeaseWish)> on_change = {});
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;
  ~LeaseKeeper() = default;

  /// The last that was seen; kLost for good once it is another one's. Any thread.
  LeaseWish wish() const { return wish_; }

 private:
  void run(const std::stop_token& stop);

  Lease& lease_;
  Clock& clock_;
  std::function<void(LeaseWish)> on_change_;
  std::atomic<LeaseWish> wish_ = LeaseWish::kGoOn;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace rayctl
