#pragma once
#include <string>
#include <utility>
#include <vector>

#include "providers/aws/api.h"
#include "providers/provider.h"

namespace rayctl::aws {

/// Something in the account that carries a cluster's id of ours. Whether that cluster is known to
/// a state is for the caller to say.
struct Orphan {
  /// In the order in which they can be removed.
  enum class Kind {
    kInstance,
    kNetworkInterface,
    kVolume,
    kInstanceProfile,
    kRole,
    kKeyPair,
    kSecurityGroup
  };
  Kind kind = Kind::kInstance;
  std::string id;
  std::string name;  ///< "" where it has none
  ClusterName cluster;
  ClusterId cluster_id;
  bool operator==(const Orphan&) const = default;
};
/// "instance", "volume", "key pair", ...
const char* kind_text(Orphan::Kind kind);

/// Everything of rayctl's in the API's region: instances that have not ended, volumes and network
/// interfaces that nothing uses, key pairs, security groups, and roles and instance profiles made
/// for clusters of that region. In the order of kinds. Looks at all kinds at the same time.
Result<std::vector<Orphan>> find_orphans(Api& api, Clock& clock, Time deadline);

/// Removes them, the later kinds once the earlier ones are gone, with key files in `home`. What a
/// cluster's machines still use is tried again until the deadline. Gives those that stayed, each
/// with why; what is gone already is fine.
std::vector<std::pair<Orphan, Error>> remove_orphans(Api& api, Clock& clock,
                                                     const std::string& home,
                                                     std::vector<Orphan> orphans, Time deadline);

}  // namespace rayctl::aws
