#pragma once
#include <string>
#include <utility>
#include <vector>

#include "providers/gcp/resource_calls.h"

namespace rayctl::gcp {

/// Something in the project that carries a cluster's id of ours. Whether that cluster is known to a
/// state is for the caller to say.
struct Orphan {
  /// In the order in which they can be removed.
  enum class Kind { kInstance, kTpu, kDisk, kServiceAccount, kFirewallRule };
  Kind kind = Kind::kInstance;
  std::string id;    ///< its name, an account's email
  std::string name;  ///< of the node; "" where it is none
  std::string zone;  ///< "" where it is in none
  ClusterName cluster;
  ClusterId cluster_id;
  bool operator==(const Orphan&) const = default;
};
/// "instance", "TPU", "disk", "service account", "firewall rule".
const char* kind_text(Orphan::Kind kind);

/// What a look at a place is made with.
struct OrphanSearch {
  Api& api;
  Clock& clock;
  GcePlace place;
  bool tpus = false;  ///< look for TPUs too
};

/// Everything of rayctl's in the region: instances, TPUs in the place's zones, disks that nothing
/// uses, firewall rules, and service accounts made for clusters of that region. In the order of
/// kinds. Looks at all kinds at the same time.
Result<std::vector<Orphan>> find_orphans(const OrphanSearch& search, Time deadline);

/// Removes them, the later kinds once the earlier ones are gone. What is still used is tried again
/// until the deadline. Gives those that stayed, each with why; what is gone already is fine.
std::vector<std::pair<Orphan, Error>> remove_orphans(const OrphanSearch& search,
                                                     std::vector<Orphan> orphans, Time deadline);

}  // namespace rayctl::gcp
