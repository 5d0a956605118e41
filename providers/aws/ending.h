#pragma once
#include "base/result.h"
#include "providers/aws/batcher.h"
#include "providers/aws/ec2_types.h"
#include "providers/aws/tagging.h"

namespace rayctl::aws {

/// Ends machines; callers at about the same time share a call. Thread-safe.
class Ending {
 public:
  Ending(Api& api, const Ec2Settings& settings, Tagging& tagging, Millis window = Millis{20})
      : api_(api), settings_(settings), tagging_(tagging), batches_(window) {}
  /// Provider::terminate.
  Result<> terminate(const CloudId& id, Time deadline);
  /// Provider::release: with cache_stopped the machine is marked and stopped, its name is free
  /// again; one that cannot be stopped (spot, instance store) is terminated.
  Result<> release(const CloudId& id, Time deadline);

 private:
  Changed call(const std::string& action, const CloudId& id, Time deadline);
  Api& api_;
  const Ec2Settings settings_;
  Tagging& tagging_;
  Batcher batches_;
};

}  // namespace rayctl::aws
