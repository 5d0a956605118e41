#pragma once
#include <string>
#include <vector>

#include "model/tags.h"
#include "providers/gcp/instance_index.h"
#include "providers/gcp/operations.h"

namespace rayctl::gcp {

/// Writes tags of machines as labels. Labels are set all at once, against the fingerprint of those
/// that are replaced: where somebody else was first, they are read and set again. Thread-safe.
class Labelling {
 public:
  Labelling(Api& api, Clock& clock, InstanceIndex& index)
      : api_(api), clock_(clock), index_(index) {}
  /// Adds, overwrites and removes tags of a machine; no call where nothing changes. kPermanent,
  /// with 404 in `api`, if there is no such machine.
  Reply<std::monostate> change(const CloudId& id, const Tags& set,
                               const std::vector<std::string>& remove, Time deadline);

 private:
  Reply<Operation> set(const GceInstance& instance,
                       const std::map<std::string, std::string>& labels, Time deadline);
  Api& api_;
  Clock& clock_;
  InstanceIndex& index_;
};

}  // namespace rayctl::gcp
