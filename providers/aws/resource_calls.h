#pragma once
#include <functional>
#include <string>
#include <vector>

#include "providers/aws/api.h"
#include "providers/provider.h"

namespace rayctl::aws {

/// What every piece of work on a cluster's resources is done with. Cheap to copy.
struct ResourceJob {
  Api& api;
  Clock& clock;
  const ResourceScope& scope;
  Time deadline;
};

/// A filter of a Describe call: any of the values; `*` and `?` in them are wildcards.
struct DescribeFilter {
  std::string name;
  std::vector<std::string> values;
};

Params filtered(const std::vector<DescribeFilter>& filters);
/// The tags that say whose a resource is: the cluster's name, as Ray has it, and our id of it.
Tags ownership_tags(const ResourceScope& scope);
/// TagSpecification.1 of an EC2 call that makes a `type` ("key-pair").
void tag_what_is_made(Params& params, const std::string& type, const Tags& tags);
/// The tags in an element of items (EC2) or members (IAM).
Tags tags_in(const pugi::xml_node& list);
/// The id that the tags name; nullopt: rayctl did not make it.
std::optional<ClusterId> cluster_in(const Tags& tags);
/// The text of a child, "" if there is none.
std::string text_of(const pugi::xml_node& node, const char* child);
/// `service`:`action` with `params`, and the call's whole answer where nobody reads it.
Reply<Answer> call(const ResourceJob& job, const std::string& service, const std::string& action,
                   Params params);
/// Calls `each` with every item of the list that lies at `path` ("keySet",
/// "ListRolesResult/Roles") below the answer's root, on all pages. Stops at the first error.
Reply<std::monostate> for_each_item(const ResourceJob& job, const std::string& service,
                                    const std::string& action, Params params, const char* path,
                                    const std::function<void(const pugi::xml_node& item)>& each);

/// Whether machines that are not this cluster's use what the filter of DescribeInstances names
/// ("key-name"): such a resource stays. Machines that have ended do not count.
Result<bool> used_by_others(const ResourceJob& job, const std::string& filter,
                            const std::string& value);

/// Waits before try number `retry` (from 0) of something that is not yet to be seen everywhere;
/// false if the deadline would be over.
bool wait_for_consistency(const ResourceJob& job, int retry);

}  // namespace rayctl::aws
