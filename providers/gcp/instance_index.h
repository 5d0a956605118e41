#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/instances.h"

namespace rayctl::gcp {

/// The machines that were last seen, by name: where they are and what labels they had. A call about
/// a machine needs its zone, and its name does not say it. Thread-safe.
class InstanceIndex {
 public:
  InstanceIndex(Api& api, GcePlace place) : api_(api), place_(std::move(place)) {}

  void keep(const std::vector<GceInstance>& instances);
  void forget(const CloudId& id);
  /// Its labels have changed: its fingerprint is "" until it is looked at again.
  void forget_labels(const CloudId& id);
  /// The machine as it was last seen; looked for by its name if it was not. nullopt: there is none.
  Reply<std::optional<GceInstance>> find(const CloudId& id, Time deadline);
  /// The machine as it is now.
  Reply<std::optional<GceInstance>> look(const CloudId& id, Time deadline);

  const GcePlace& place() const { return place_; }
  /// "projects/p/zones/z/instances/NAME" of a machine that was seen, with `verb` after a slash if
  /// there is one.
  std::string path(const GceInstance& instance, const std::string& verb = "") const;

 private:
  Reply<std::optional<GceInstance>> search(const std::string& name, Time deadline);
  Api& api_;
  const GcePlace place_;
  std::mutex mutex_;
  std::map<CloudId, GceInstance> seen_;
};

}  // namespace rayctl::gcp
