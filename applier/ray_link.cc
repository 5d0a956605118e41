#include "applier/ray_link.h"

#include "applier/timing.h"

namespace rayctl {

Result<std::shared_ptr<RayCluster>> RayLink::connect(const CloudNode& head) {
  const std::lock_guard lock(mutex_);
  return connect_locked(head);
}

Result<std::shared_ptr<RayCluster>> RayLink::connect_locked(const CloudNode& head) {
  if (ray_ && head_ == head.id) return ray_;
  seen_.reset();
  ray_.reset();
  Result<std::unique_ptr<RayCluster>> made = world_.ray(head);
  if (!made) return made.error();
  head_ = head.id;
  ray_ = std::move(*made);
  return ray_;
}

Result<RayView> RayLink::view(const CloudNode& head) {
  const std::lock_guard lock(mutex_);
  Result<std::shared_ptr<RayCluster>> ray = connect_locked(head);
  if (!ray) return ray.error();
  if (seen_ && world_.clock.now() - seen_->first <= kPollFirst) return seen_->second;
  Result<RayView> view = (*ray)->view(world_.clock.now() + Millis{5'000});
  if (view) {
    seen_.emplace(world_.clock.now(), *view);
  } else {
    ray_.reset();
  }
  return view;
}

}  // namespace rayctl
