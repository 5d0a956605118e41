#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "providers/capacity_memory.h"
#include "providers/gcp/alternatives.h"
#include "providers/gcp/launch_parts.h"
#include "providers/gcp/stopped_cache.h"
#include "providers/gcp/tpu_nodes.h"
#include "providers/provider.h"

namespace rayctl::gcp {

/// What the machines of a launch are made of.
struct LaunchPlan {
  Json node_config;
  LaunchParts parts;
  Json template_properties;  ///< what the config's template gives; null: it names none
};

/// Launches machines of Compute Engine and nodes of Cloud TPU. Thread-safe, for launches with
/// different tokens.
///
/// Stopped machines of the cluster are started first, of TPUs none are kept; for the rest the
/// alternatives (alternatives.h) are tried in their order, until there are enough. A machine is a
/// call of its own, since its labels and its name are its own; they go out at the same time. Every
/// attempt is journalled, and names and requestIds that follow from it make that the same attempt
/// makes nothing twice.
class Launching {
 public:
  Launching(Api& api, Clock& clock, GceSettings settings, InstanceIndex& index,
            Labelling& labelling, TpuNodes& tpus)
      : api_(api),
        clock_(clock),
        settings_(settings),
        index_(index),
        tpus_(tpus),
        cache_(api, clock, index, labelling) {}

  /// Provider::create. Where nothing could be made: kPermanent, with what each alternative said;
  /// where the answer of a call is missing, or a part was made before the trouble: kUnknown, to be
  /// repeated with the same token.
  Result<std::vector<CloudNode>> launch(const LaunchRequest& request, const LaunchPlan& plan,
                                        Time deadline);

 private:
  friend class Launch;
  Api& api_;
  Clock& clock_;
  const GceSettings settings_;
  InstanceIndex& index_;
  TpuNodes& tpus_;
  StoppedCache cache_;
  CapacityMemory<Alternative> memory_;
  std::mutex mutex_;
  /// Of operations that are not over: a caller that comes back may not know them yet.
  std::map<OpToken, std::vector<LaunchAttempt>> attempts_;
};

}  // namespace rayctl::gcp
