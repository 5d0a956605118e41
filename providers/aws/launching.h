#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "providers/aws/alternatives.h"
#include "providers/aws/ec2_types.h"
#include "providers/aws/stopped_cache.h"
#include "providers/aws/subnets.h"
#include "providers/capacity_memory.h"
#include "providers/provider.h"

namespace rayctl::aws {

/// Launches machines of EC2. Thread-safe, for launches with different tokens.
///
/// Stopped machines of the cluster are started first; for the rest the alternatives
/// (alternatives.h) are tried in their order, each by one call for all that is missing, until there
/// are enough. Every such attempt is journalled, and a ClientToken of its own makes that the same
/// attempt makes nothing twice.
class Launching {
 public:
  /// `worker_key` gives the public line of a key that machines accept beside their key pair's, ""
  /// for none.
  Launching(Api& api, Clock& clock, Ec2Settings settings, Tagging& tagging,
            std::function<std::string()> worker_key = {})
      : api_(api),
        clock_(clock),
        settings_(std::move(settings)),
        worker_key_(std::move(worker_key)),
        subnets_(api),
        cache_(api, tagging) {}

  /// Provider::create. `node_config` is request.spec->launch with key, groups, profile and image in
  /// it. Where nothing could be made: kPermanent, with what each alternative said; where the answer
  /// of a call is missing, or a part was made before the trouble: kUnknown, to be repeated with the
  /// same token.
  Result<std::vector<CloudNode>> launch(const LaunchRequest& request, const Json& node_config,
                                        Time deadline);

  Subnets& subnets() { return subnets_; }

 private:
  friend class Launch;
  Api& api_;
  Clock& clock_;
  const Ec2Settings settings_;
  const std::function<std::string()> worker_key_;
  Subnets subnets_;
  StoppedCache cache_;
  CapacityMemory<Alternative> memory_;
  std::mutex mutex_;
  /// Of operations that are not over: a caller that comes back may not know them yet.
  std::map<OpToken, std::vector<LaunchAttempt>> attempts_;
};

}  // namespace rayctl::aws
