#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/api.h"
#include "providers/gcp/gce_types.h"
#include "providers/gcp/pages.h"
#include "providers/provider.h"

namespace rayctl::gcp {

/// What every piece of work on a cluster's resources is done with. Cheap to copy.
struct ResourceJob {
  Api& api;
  Clock& clock;
  const GcePlace& place;
  const ResourceScope& scope;
  Time deadline;
};

/// Whose something without labels is, and what it is for. Stands in its description:
/// "rayctl <cluster id> <region> <cluster>: <purpose>".
struct Ownership {
  ClusterId cluster_id;
  std::string region;
  ClusterName cluster;
  std::string purpose;  ///< "members", "ssh_cidr", "ssh ana@laptop", "head"
  bool operator==(const Ownership&) const = default;
};
/// At most `most` bytes: the end of the purpose goes first.
std::string description_of(const Ownership& ownership, std::size_t most);
/// nullopt: rayctl did not make it.
std::optional<Ownership> ownership_in(const std::string& description);
/// Whose the cluster's own things are.
Ownership ownership(const ResourceJob& job, std::string purpose);
/// Whether it is this cluster's; where no id is known, whether it is one of that name in that
/// place.
bool is_of_cluster(const ResourceJob& job, const Ownership& ownership);
/// The cluster's id: the one that is known, else the only one among what is of its name in its
/// place; "" where there is none, or several.
ClusterId id_among(const ResourceJob& job, const std::vector<Ownership>& all);

/// The longest of the names below that names of firewall rules begin with.
inline constexpr std::size_t kLongestBase = 49;
/// "ray-<cluster>-<8 hex of the id>", at most `longest` of [a-z0-9-]; without an id, without it.
std::string base_name(const ClusterName& cluster, const ClusterId& id, std::size_t longest);

/// "projects/<project>/<rest>"; `rest` is encoded already.
std::string in_project(const ResourceJob& job, const std::string& rest);
/// pages.h, with the job's client.
Reply<std::monostate> for_each_item(const ResourceJob& job, Call call, const char* key,
                                    const std::function<void(const Json& item)>& each);
/// The same for an aggregatedList of the region: `key` is "instances" or "disks". kTransient if a
/// zone could not be asked.
Reply<std::monostate> for_each_in_region(const ResourceJob& job, Call call, const char* key,
                                         const std::function<void(const Json& item)>& each);
/// Makes a call that begins an operation and waits for that.
Reply<std::monostate> call_to_end(const ResourceJob& job, const Call& call);
/// Whether an answer says that something is not there.
bool is_missing(const ApiError& api);

/// Whether a machine that is not this cluster's is as `uses` says: what it uses stays.
Result<bool> used_by_others(const ResourceJob& job,
                            const std::function<bool(const GceInstance&)>& uses);

/// Waits before try number `retry` (from 0) of something that is not yet to be seen everywhere;
/// false if the deadline would be over.
bool wait_for_consistency(const ResourceJob& job, int retry);

}  // namespace rayctl::gcp
