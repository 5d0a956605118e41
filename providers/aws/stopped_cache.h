#pragma once
#include <mutex>
#include <set>
#include <vector>

#include "providers/aws/ec2_types.h"
#include "providers/aws/tagging.h"
#include "providers/provider.h"

namespace rayctl::aws {

/// Machines of a cluster that are kept stopped, and how they run again. Thread-safe.
class StoppedCache {
 public:
  StoppedCache(Api& api, Tagging& tagging) : api_(api), tagging_(tagging) {}
  /// Up to nodes.size() stopped machines that were launched from the same spec, the same kind and
  /// type; nobody else gets them until `give_back`.
  Result<std::vector<CloudId>> take(const LaunchRequest& request, Time deadline);
  void give_back(const std::vector<CloudId>& ids);
  /// Gives them the request's tags and starts them: all, or none. May be repeated.
  Changed start(const LaunchRequest& request, const std::vector<CloudId>& ids, Time deadline);
  /// Marks them again as kept, after a start that failed.
  Changed mark(const std::vector<CloudId>& ids, Time deadline);

 private:
  Api& api_;
  Tagging& tagging_;
  std::mutex mutex_;
  std::set<CloudId> taken_;
};

}  // namespace rayctl::aws
