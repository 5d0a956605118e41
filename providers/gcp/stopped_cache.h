#pragma once
#include <mutex>
#include <set>
#include <vector>

#include "providers/gcp/labelling.h"
#include "providers/provider.h"

namespace rayctl::gcp {

/// Machines of a cluster that are kept stopped, and how they run again. Thread-safe.
class StoppedCache {
 public:
  StoppedCache(Api& api, Clock& clock, InstanceIndex& index, Labelling& labelling)
      : api_(api), clock_(clock), index_(index), labelling_(labelling) {}
  /// Up to nodes.size() stopped machines that were launched from the same spec, the same kind and
  /// type; nobody else gets them until `give_back`.
  Result<std::vector<CloudId>> take(const LaunchRequest& request, Time deadline);
  void give_back(const std::vector<CloudId>& ids);
  /// Gives a machine these tags, and starts it. May be repeated.
  Reply<std::monostate> start(const CloudId& id, const Tags& tags, Time deadline);
  /// Marks it again as kept, after a start that failed.
  void mark(const CloudId& id, Time deadline);

 private:
  Api& api_;
  Clock& clock_;
  InstanceIndex& index_;
  Labelling& labelling_;
  std::mutex mutex_;
  std::set<CloudId> taken_;
};

}  // namespace rayctl::gcp
