#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/json.h"
#include "model/names.h"
#include "model/observed.h"
#include "model/resource.h"
#include "providers/provider.h"

namespace rayctl {

/// A rule that lets an address reach SSH of a cluster's machines.
struct AccessRule {
  std::string cidr;  ///< "203.0.113.7/32"
  std::string who;   ///< "ana@laptop", "the cluster's file", "" where a rule is not ours
  bool operator==(const AccessRule&) const = default;
};

/// Something in the account that carries a cluster's id.
struct TaggedThing {
  std::string kind;  ///< "instance", "volume", "security-group", ...
  std::string id, name;
  ClusterName cluster;
  ClusterId cluster_id;
  bool operator==(const TaggedThing&) const = default;
};

/// The rights that somebody needs, as a document that the provider's own tools take.
struct RightsDocument {
  std::string who;  ///< "operator" or "head"
  Json document = Json::object();
  bool operator==(const RightsDocument&) const = default;
};

/// A machine in the words of a node config, as far as its place shows how it was launched.
struct LaunchFacts {
  CloudNode node;
  Json node_config = Json::object();
  /// What else of the file it shows: {"provider": {"availability_zone"}, "auth": {"ssh_user"}}.
  Json sections = Json::object();
  bool operator==(const LaunchFacts&) const = default;
};

/// How Ray's own launcher launches a machine of a node type.
struct RayLaunch {
  Json node_config = Json::object();  ///< the file's, with what the launcher fills in
  std::string private_key;            ///< path of the key that it takes where the file names none
  /// Names of images in the file and what they mean for a machine that runs, "latest_dlami" among
  /// them where the file has none.
  std::map<std::string, std::string> images;
};

/// What clouds have beside machines and people ask them for. May be called concurrently.
class CloudDesk {
 public:
  virtual ~CloudDesk() = default;
  /// Who may reach SSH, as the cluster's own rules say.
  virtual Result<std::vector<AccessRule>> list_access(const ResourceScope& scope,
                                                      Time deadline) = 0;
  virtual Result<> add_access(const ResourceScope& scope, const AccessRule& rule,
                              Time deadline) = 0;
  /// Takes away the rules of an address or of a person; how many there were.
  virtual Result<int> remove_access(const ResourceScope& scope, const std::string& cidr_or_who,
                                    Time deadline) = 0;
  /// Everything in the region that carries any cluster's id.
  virtual Result<std::vector<TaggedThing>> list_tagged(Time deadline) = 0;
  /// Removes them in an order that works; machines are waited for.
  virtual Result<> remove_tagged(const std::vector<TaggedThing>& things, Time deadline) = 0;
  /// The least rights that the cluster's file needs. Asks nobody.
  virtual std::vector<RightsDocument> rights() = 0;
  /// How Ray's own launcher launched this machine, if it was from the file's node config; nullopt
  /// where the machine is not to be seen.
  virtual Result<std::optional<RayLaunch>> ray_launch(const CloudNode& node,
                                                      const Json& node_config, Time deadline) = 0;
  /// Every machine of that name's cluster that runs or will; whoever made it.
  virtual Result<std::vector<LaunchFacts>> launch_facts(const ClusterName& cluster,
                                                        Time deadline) = 0;
  /// What a machine uses of the kinds of things that clusters have beside machines, as records to
  /// look for it by. None of it counts as ours.
  virtual Result<std::map<ResourceName, ResourceRecord>> used_by(const CloudNode& node,
                                                                 Time deadline) = 0;
};

}  // namespace rayctl
