#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "applier/world.h"
#include "model/observed.h"

namespace rayctl {

/// The connection to the control service of the run's Ray, made when first needed and again after
/// it broke or the head changed. Threads that poll share one view. Thread-safe.
class RayLink {
 public:
  explicit RayLink(World& world) : world_(world) {}

  Result<std::shared_ptr<RayCluster>> connect(const CloudNode& head);
  /// Ray's nodes as seen at most kPollFirst ago.
  Result<RayView> view(const CloudNode& head);

 private:
  Result<std::shared_ptr<RayCluster>> connect_locked(const CloudNode& head);

  World& world_;
  std::mutex mutex_;
  CloudId head_;
  std::shared_ptr<RayCluster> ray_;
  std::optional<std::pair<Time, RayView>> seen_;
};

}  // namespace rayctl
