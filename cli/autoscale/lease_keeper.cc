#include "cli/autoscale/lease_keeper.h"

namespace rayctl {
namespace {

constexpr Millis kBeat{1'000};

}  // namespace

LeaseKeeper::LeaseKeeper(Lease& lease, Clock& clock, std::function<void(LeaseWish)> on_change)
    : lease_(lease), clock_(clock), on_change_(std::move(on_change)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void LeaseKeeper::run(const std::stop_token& stop) {
  while (wish_ != LeaseWish::kLost && clock_.sleep(kBeat, stop)) {
    // What cannot be seen changes nothing: still_mine() refuses by itself.
    const Result<LeaseWish> wish = lease_.beat();
    if (!wish || *wish == wish_) continue;
    wish_ = *wish;
    if (on_change_ && *wish != LeaseWish::kGoOn) on_change_(*wish);
  }
}

}  // namespace rayctl
