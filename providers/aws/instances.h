#pragma once
#include <pugixml.hpp>
#include <vector>

#include "model/tags.h"
#include "providers/aws/api.h"
#include "providers/aws/ec2_types.h"

namespace rayctl::aws {

/// Tags as Ray has them (ray-node-name) and as EC2 has them (Name).
Tags to_ec2_tags(Tags tags);
Tags from_ec2_tags(Tags tags);

/// The machines below a node that holds `instancesSet`s: an answer of RunInstances, or a
/// reservation of DescribeInstances.
std::vector<Ec2Instance> parse_instances(const pugi::xml_node& holder);

/// Every machine that is tagged with the cluster's name, whatever its state: one that is shown as
/// terminated is certain to be gone, one that is not shown may be too new. All pages.
Reply<std::vector<Ec2Instance>> instances_of(Api& api, const ClusterName& cluster, Time deadline);

/// The machines with these ids, terminated ones too. One that EC2 does not know (or not yet: it may
/// be a second old) is not in the answer.
Reply<std::vector<Ec2Instance>> instances_by_id(Api& api, const std::vector<CloudId>& ids,
                                                Time deadline);

}  // namespace rayctl::aws
