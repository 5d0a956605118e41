#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "providers/gcp/api.h"
#include "providers/gcp/gce_types.h"
#include "providers/gcp/tpu_body.h"
#include "providers/gcp/tpu_node.h"
#include "providers/gcp/tpu_operations.h"

namespace rayctl::gcp {

/// The cluster's nodes of Cloud TPU (v2). A node of several hosts is never made; one that another
/// program made is listed by its first host. All faults are by the rules of errors.h. Thread-safe.
class TpuNodes {
 public:
  TpuNodes(Api& api, Clock& clock, GcePlace place)
      : api_(api), clock_(clock), place_(std::move(place)) {}

  /// Every node of the cluster in the place's zones, by its label, whatever its power; all pages.
  /// kTransient if a zone could not be asked: not seen is not the same as gone.
  Reply<std::vector<TpuNode>> list(const ClusterName& cluster, Time deadline);
  /// Makes a node and waits until it is there, or takes the one that the same call made before: the
  /// name (facts.name) is to come from the operation's token, which is to be in the labels. One
  /// that a failed operation leaves behind is deleted.
  Reply<TpuNode> launch(const Json& node_config, bool head, const BodyFacts& facts, Time deadline);
  /// Adds or overwrites tags, takes those of `remove` away, and waits until that is seen.
  Result<> set_tags(const CloudId& id, const Tags& set, const std::vector<std::string>& remove,
                    Time deadline);
  /// Succeeds when it is gone or going, and if there was none.
  Result<> terminate(const CloudId& id, Time deadline);

 private:
  Reply<std::vector<TpuNode>> list_zone(const ClusterName& cluster, const std::string& zone,
                                        Time deadline);
  Reply<TpuNode> get(const std::string& zone, const std::string& name, Time deadline);
  /// nullopt: there is none of this name in the place's zones.
  Reply<std::optional<TpuNode>> find(const CloudId& id, Time deadline);
  Reply<TpuNode> made_before(const BodyFacts& facts, const ApiError& why, Time deadline);
  Result<> run(const Call& call, Time deadline);
  std::string path_of(const std::string& zone, const std::string& name) const;
  void remember(const TpuNode& node);
  /// Held while a node's labels are read and written: they are written all at once, and unlike
  /// Compute Engine's they have no fingerprint.
  std::shared_ptr<std::mutex> labels_of(const std::string& name);

  Api& api_;
  Clock& clock_;
  const GcePlace place_;
  std::mutex mutex_;
  std::map<std::string, std::string> zones_;  ///< by name, of those that were seen
  std::map<std::string, std::shared_ptr<std::mutex>> labels_;
};

}  // namespace rayctl::gcp
