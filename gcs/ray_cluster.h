#pragma once
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/observed.h"

namespace rayctl {

/// Why a node is drained, in Ray's terms (autoscaler.proto, DrainNodeReason).
enum class DrainReason { kIdleTermination = 1, kPreemption = 2 };

struct DrainAnswer {
  bool accepted = false;
  std::string rejection;  ///< Ray's words when it refused
};

/// The control service of one Ray cluster. An endpoint that does not answer is kTransient
/// (kRayUnreachable); a wrong token is kPermanent (kRayRefused). Thread-safe.
class RayCluster {
 public:
  virtual ~RayCluster() = default;
  virtual Result<RayView> view(Time deadline) = 0;
  /// Politely: Ray may refuse an idle termination of a node that is busy again.
  virtual Result<DrainAnswer> drain(const std::string& node_id, DrainReason reason,
                                    const std::string& message, Time finish_by, Time deadline) = 0;
  /// The version of Ray, "2.60.0".
  virtual Result<std::string> version(Time deadline) = 0;
};

/// Connects lazily: only the calls fail. `token` is "" when authentication is off.
std::unique_ptr<RayCluster> connect_ray(const std::string& endpoint, const std::string& token);

}  // namespace rayctl
