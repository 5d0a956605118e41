#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/diagnostic.h"
#include "model/json.h"
#include "model/names.h"

namespace rayctl {

/// Something beside machines that a cluster needs at its provider: a key pair, a security group,
/// a role. Who makes it decides who removes it: what was found there stays.
struct ResourceSpec {
  ResourceName name;  ///< one per cluster
  ProviderName provider;
  std::string title;  ///< its name at the provider: "ray-autoscaler-demo"
  /// Made before it, and removed after it.
  std::vector<ResourceName> needs;
  /// What it must be, in the provider's own words; nobody else reads it.
  Json want = Json::object();
  bool operator==(const ResourceSpec&) const = default;
};

/// What we recorded of a resource.
struct ResourceRecord {
  ProviderName provider;
  std::string title;
  std::string id;     ///< the provider's own
  bool ours = false;  ///< we made it for this cluster, so that `down` removes it
  /// Recorded with it, so that it can be removed when the config no longer names it.
  std::vector<ResourceName> needs;
  bool operator==(const ResourceRecord&) const = default;
};

/// A resource as its provider shows it.
struct SeenResource {
  ResourceName name;
  std::string title;
  std::string id;
  std::optional<ClusterId> cluster;  ///< of its tag; nullopt: not made by rayctl, or not to be seen
  /// What about it is not as wanted, in one line; "" if nothing is. Only of what may be changed:
  /// a resource of others is used as it is.
  std::string differs;
  /// Its name is one that only this cluster gives: a store without records takes the cluster's id
  /// from it.
  bool exclusive = false;
  bool operator==(const SeenResource&) const = default;
};

/// All that was seen of a cluster's resources. One that is not in `seen` is not there.
struct SeenResources {
  std::vector<ResourceSpec> wanted;  ///< what the config needs, each after its `needs`
  std::vector<SeenResource> seen;
  std::vector<Diagnostic> blocked;  ///< why nothing can be made until a person decides
  std::vector<std::string> notes;   ///< what a person should know, and what was taken for granted
  bool operator==(const SeenResources&) const = default;
};

}  // namespace rayctl
