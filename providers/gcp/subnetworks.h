#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/api.h"
#include "providers/gcp/gce_types.h"

namespace rayctl::gcp {

/// A part of a network in the region; both are URLs.
struct Subnetwork {
  std::string url;
  std::string network;
  bool operator==(const Subnetwork&) const = default;
};

/// The subnetworks of the region that machines can be in. Listed once a run; thread-safe.
class Subnetworks {
 public:
  Subnetworks(Api& api, GcePlace place) : api_(api), place_(std::move(place)) {}
  /// All, in the service's order.
  Result<std::vector<Subnetwork>> all(Time deadline) const;
  /// The one that machines are put into: of the network `default`, else the first. kPermanent,
  /// kProviderRefused where there is none.
  Result<Subnetwork> chosen(Time deadline) const;

 private:
  Api& api_;
  const GcePlace place_;
  mutable std::mutex mutex_;
  mutable std::optional<std::vector<Subnetwork>> all_;
};

}  // namespace rayctl::gcp
