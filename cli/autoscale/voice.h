#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autoscaler/decide.h"
#include "autoscaler/fleet.h"
#include "gcs/ray_cluster.h"
#include "model/autoscaler_report.h"
#include "model/load.h"
#include "model/observed.h"
#include "model/snapshot.h"

namespace rayctl {

/// What Ray is shown of one decision: launches, machines on their way, troubles, and what can never
/// be placed. Pure. The version is the caller's to set.
AutoscalerReport report_of(const Load& load, const Snapshot& snapshot, const Fleet& fleet,
                           const Decision& decision);

/// What drivers are told of a decision ("Adding 2 node(s) of type gpu."), each line once.
struct Saying {
  bool warning = false;
  std::string text;
  bool operator==(const Saying&) const = default;
};
std::vector<Saying> sayings_of(const Fleet& fleet, const Decision& decision);

/// Speaks to Ray for the loop: reports each decision to GCS under a version that only rises, and
/// tells drivers what is new. Nothing depends on it: what fails is said again at the next tick.
class Voice {
 public:
  /// Writes lines where the head's log monitor and `ray monitor` read them.
  using Write = std::function<Result<>(const CloudNode& head, const RayHeadInfo& info,
                                       const std::vector<Saying>& lines)>;
  explicit Voice(Write write) : write_(std::move(write)) {}

  Result<> tell(RayCluster& ray, const CloudNode& head, AutoscalerReport report,
                const std::vector<Saying>& sayings, Time now);
  /// Another Ray, or a restarted one: versions and what was said begin anew.
  void forget();

 private:
  Write write_;
  std::int64_t version_ = 0;  ///< of the last report; 0: GCS has to be asked
  std::vector<Saying> last_;
};

}  // namespace rayctl
