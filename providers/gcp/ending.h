#pragma once
#include "base/result.h"
#include "providers/gcp/labelling.h"

namespace rayctl::gcp {

/// Ends machines. Thread-safe.
class Ending {
 public:
  Ending(Api& api, Clock& clock, InstanceIndex& index, Labelling& labelling, GceSettings settings)
      : api_(api), clock_(clock), index_(index), labelling_(labelling), settings_(settings) {}
  /// Provider::terminate. Waits until the machine is gone.
  Result<> terminate(const CloudId& id, Time deadline);
  /// Provider::release: with cache_stopped the machine is marked and stopped, its name is free
  /// again; one that cannot be stopped is ended.
  Result<> release(const CloudId& id, Time deadline);

 private:
  Reply<Operation> call(const GceInstance& instance, const std::string& verb, Time deadline);
  Api& api_;
  Clock& clock_;
  InstanceIndex& index_;
  Labelling& labelling_;
  const GceSettings settings_;
};

}  // namespace rayctl::gcp
