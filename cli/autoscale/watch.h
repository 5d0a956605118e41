#pragma once
#include <memory>
#include <string>

#include "applier/world.h"
#include "gcs/ray_cluster.h"
#include "model/config.h"
#include "model/load.h"
#include "model/observed.h"
#include "model/snapshot.h"

namespace rayctl {

/// The cluster as it was at one moment: what is recorded, which machines there are, and what Ray
/// says of its nodes and of what waits, from a single answer.
struct Sight {
  Snapshot snapshot;
  Observed observed;  ///< `ray` is an Error where Ray could not be asked, nullopt without a head
  Load load;
  std::string session_name;  ///< Ray's
  bool ray_seen() const { return observed.ray && observed.ray->ok(); }
};

/// Looks at one cluster again and again over one connection to Ray. Not thread-safe.
class Watch {
 public:
  Watch(World& world, const Config& config) : world_(world), config_(config) {}

  /// An Error only where the records cannot be read.
  Result<Sight> look();
  /// The connection to Ray that the last look used; null if it had none.
  const std::shared_ptr<RayCluster>& ray() const { return ray_; }
  const CloudNode& head() const { return head_; }

 private:
  Result<RayState> ask_ray(const CloudNode& head);

  World& world_;
  const Config& config_;
  std::shared_ptr<RayCluster> ray_;
  CloudNode head_;
};

}  // namespace rayctl
