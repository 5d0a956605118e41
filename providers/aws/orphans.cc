#include "providers/aws/orphans.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "base/parallel.h"
#include "providers/aws/iam.h"
#include "providers/aws/iam_calls.h"
#include "providers/aws/key_pair.h"

namespace rayctl::aws {
namespace {

using Kind = Orphan::Kind;
using Found = Result<std::vector<Orphan>>;

constexpr char kNamePrefix[] = "rayctl-";

/// A kind that a Describe call lists.
struct Described {
  Kind kind;
  const char* action;
  const char* list;
  const char* tags;
  const char* id;
  const char* name;
  const char* state_filter;  ///< "" for none: only what is "available"
};
constexpr std::array kDescribed = {
    Described{Kind::kNetworkInterface, "DescribeNetworkInterfaces", "networkInterfaceSet", "tagSet",
              "networkInterfaceId", "", "status"},
    Described{Kind::kVolume, "DescribeVolumes", "volumeSet", "tagSet", "volumeId", "", "status"},
    Described{Kind::kKeyPair, "DescribeKeyPairs", "keySet", "tagSet", "keyPairId", "keyName", ""},
    Described{Kind::kSecurityGroup, "DescribeSecurityGroups", "securityGroupInfo", "tagSet",
              "groupId", "groupName", ""},
};

std::optional<Orphan> orphan(Kind kind, std::string id, std::string name, Tags tags) {
  const auto cluster = cluster_in(tags);
  if (!cluster) return std::nullopt;
  return Orphan{kind, std::move(id), std::move(name), ClusterName{tags[kTagClusterName]}, *cluster};
}

void add(std::vector<Orphan>& all, std::optional<Orphan> one) {
  if (one) all.push_back(std::move(*one));
}

Found described(const ResourceJob& job, const Described& what) {
  std::vector<DescribeFilter> filters{{"tag-key", {kTagClusterId}}};
  if (*what.state_filter != '\0') filters.push_back({what.state_filter, {"available"}});
  std::vector<Orphan> all;
  const auto looked = for_each_item(
      job, "ec2", what.action, filtered(filters), what.list, [&](const pugi::xml_node& item) {
        // Network interfaces alone may show their tags under the older name.
        const pugi::xml_node tags =
            item.child(what.tags) ? item.child(what.tags) : item.child("TagSet");
        add(all,
            orphan(what.kind, text_of(item, what.id), text_of(item, what.name), tags_in(tags)));
      });
  if (!looked) return looked.value.error();
  return all;
}

Found instances(const ResourceJob& job) {
  std::vector<Orphan> all;
  const auto looked = for_each_item(
      job, "ec2", "DescribeInstances",
      filtered({{"tag-key", {kTagClusterId}},
                {"instance-state-name", {"pending", "running", "stopping", "stopped"}}}),
      "reservationSet", [&](const pugi::xml_node& reservation) {
        for (const pugi::xml_node& item : reservation.child("instancesSet").children()) {
          Tags tags = tags_in(item.child("tagSet"));
          const std::string name = tags[kTagNode];
          add(all, orphan(Kind::kInstance, text_of(item, "instanceId"), name, std::move(tags)));
        }
      });
  if (!looked) return looked.value.error();
  return all;
}

/// Roles or instance profiles: their lists have no tags, so each that is named like ours is asked.
Found of_iam(const ResourceJob& job, Kind kind) {
  const bool roles = kind == Kind::kRole;
  std::vector<std::string> names;
  const auto looked = for_each_item(
      job, "iam", roles ? "ListRoles" : "ListInstanceProfiles", {},
      roles ? "ListRolesResult/Roles" : "ListInstanceProfilesResult/InstanceProfiles",
      [&](const pugi::xml_node& item) {
        const std::string name = text_of(item, roles ? "RoleName" : "InstanceProfileName");
        if (name.starts_with(kNamePrefix)) names.push_back(name);
      });
  if (!looked) return looked.value.error();
  std::vector<Orphan> all;
  for (const std::string& name : names) {
    const char* const key = roles ? "RoleName" : "InstanceProfileName";
    const Reply<Answer> got =
        call(job, "iam", roles ? "GetRole" : "GetInstanceProfile", {{key, name}});
    if (!got && is_missing(got.api)) continue;
    if (!got) return got.value.error();
    const pugi::xml_node result = (*got)->document_element().first_child();
    Tags tags = tags_in(result.child(roles ? "Role" : "InstanceProfile").child("Tags"));
    const auto region = tags.find(kTagRegion);
    if (region != tags.end() && region->second == job.api.region())
      add(all, orphan(kind, name, name, std::move(tags)));
  }
  return all;
}

/// A call that removes one EC2 object; what is not there is fine, what is used is kTransient.
Result<> remove_one(const ResourceJob& job, const std::string& action, const std::string& key,
                    const std::string& id) {
  const Reply<Answer> removed = call(job, "ec2", action, {{key, id}});
  if (removed || removed.api.code.ends_with(".NotFound")) return {};
  Error error = removed.value.error();
  if (removed.api.code == "DependencyViolation" || removed.api.code.ends_with("InUse"))
    error.fault = Fault::kTransient;
  return error;
}

Result<> remove_now(const ResourceJob& job, const std::string& home, const Orphan& orphan) {
  switch (orphan.kind) {
    case Kind::kInstance:
      return remove_one(job, "TerminateInstances", "InstanceId.1", orphan.id);
    case Kind::kNetworkInterface:
      return remove_one(job, "DeleteNetworkInterface", "NetworkInterfaceId", orphan.id);
    case Kind::kVolume:
      return remove_one(job, "DeleteVolume", "VolumeId", orphan.id);
    case Kind::kInstanceProfile:
      return remove_instance_profile(job, orphan.id);
    case Kind::kRole:
      return remove_role(job, orphan.id);
    case Kind::kKeyPair:
      return remove_key_pairs(job, home);
    case Kind::kSecurityGroup:
      return remove_one(job, "DeleteSecurityGroup", "GroupId", orphan.id);
  }
  return {};
}

}  // namespace

const char* kind_text(Kind kind) {
  switch (kind) {
    case Kind::kInstance:
      return "instance";
    case Kind::kNetworkInterface:
      return "network interface";
    case Kind::kVolume:
      return "volume";
    case Kind::kInstanceProfile:
      return "instance profile";
    case Kind::kRole:
      return "role";
    case Kind::kKeyPair:
      return "key pair";
    case Kind::kSecurityGroup:
      return "security group";
  }
  return "";
}

Found find_orphans(Api& api, Clock& clock, Time deadline) {
  const ResourceScope scope;
  const ResourceJob job{api, clock, scope, deadline};
  std::vector<std::function<Found()>> looks{[&] { return instances(job); },
                                            [&] { return of_iam(job, Kind::kInstanceProfile); },
                                            [&] { return of_iam(job, Kind::kRole); }};
  for (const Described& what : kDescribed)
    looks.emplace_back([&job, &what] { return described(job, what); });
  std::vector<Found> found(looks.size(), Found(std::vector<Orphan>()));
  for_each_index(looks.size(), looks.size(), [&](std::size_t at) { found[at] = looks[at](); });
  std::vector<Orphan> all;
  for (Found& part : found) {
    if (!part) return part.error();
    all.insert(all.end(), part->begin(), part->end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Orphan& a, const Orphan& b) { return a.kind < b.kind; });
  return all;
}

std::vector<std::pair<Orphan, Error>> remove_orphans(Api& api, Clock& clock,
                                                     const std::string& home,
                                                     std::vector<Orphan> orphans, Time deadline) {
  std::stable_sort(orphans.begin(), orphans.end(),
                   [](const Orphan& a, const Orphan& b) { return a.kind < b.kind; });
  std::vector<std::pair<Orphan, Error>> stayed;
  for (const Orphan& orphan : orphans) {
    ResourceScope scope;
    scope.cluster = orphan.cluster;
    scope.cluster_id = orphan.cluster_id;
    const ResourceJob job{api, clock, scope, deadline};
    Result<> removed = remove_now(job, home, orphan);
    for (int retry = 0;
         !removed && removed.error().fault == Fault::kTransient && wait_for_consistency(job, retry);
         ++retry)
      removed = remove_now(job, home, orphan);
    if (!removed) {
      stayed.emplace_back(
          orphan, in_context(removed.error(), std::string("removing the ") +
                                                  kind_text(orphan.kind) + " " + orphan.id));
    }
  }
  return stayed;
}

}  // namespace rayctl::aws
