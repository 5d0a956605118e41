#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "providers/aws/resource_calls.h"
#include "providers/aws/security_rules.h"

namespace rayctl::aws {

/// A security group as EC2 has it.
struct Group {
  std::string id, name, vpc;
  std::optional<ClusterId> cluster;
  std::vector<SecurityRule> rules;  ///< inbound
};

/// What the config wants of its group.
struct GroupWanted {
  std::string name;
  Json permissions = Json::array();  ///< provider.security_group.IpPermissions
  std::vector<std::string> ssh_cidr;
  std::vector<std::string> peers;  ///< groups of the cluster's other machines
  int ssh_port = 22;
};
/// From the `want` of its ResourceSpec.
GroupWanted read_group_wanted(const Json& want);
/// All rules but the operator's. `id` is the group's own, "" if it is not made yet.
std::vector<SecurityRule> wanted_rules(const GroupWanted& want, const std::string& id);

using VpcId = std::function<Result<std::string>(Time deadline)>;

/// The group that is recorded, else the one of its name in the VPC.
Result<std::optional<Group>> find_group(const ResourceJob& job, const VpcId& vpc_id,
                                        const GroupWanted& want);
/// Every group that carries this cluster's id.
Result<std::vector<Group>> groups_of_cluster(const ResourceJob& job);
/// Ours, or without a single rule: others' groups are used as they are.
bool may_change(const ResourceJob& job, const Group& group);
/// A new group, tagged; the one that is there if somebody was first.
Result<std::optional<Group>> create_group(const ResourceJob& job, const VpcId& vpc_id,
                                          const GroupWanted& want);
/// Rules that are there already, or gone already, are fine.
Result<> add_rules(const ResourceJob& job, const std::string& group_id,
                   const std::vector<SecurityRule>& rules);
Result<> revoke_rules(const ResourceJob& job, const std::string& group_id,
                      const std::vector<SecurityRule>& rules);

}  // namespace rayctl::aws
