#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/resource_calls.h"

namespace rayctl::gcp {

/// The machines of the region that a filter finds, as Compute Engine describes them.
Result<std::vector<Json>> machines_as_described(const ResourceJob& job, const std::string& filter);
/// The disks of the region, by what a machine names each by (disk_key of its `source`).
Result<std::map<std::string, Json>> disks_of_region(const ResourceJob& job);
/// "us-west1-a/demo-disk" of a disk's URL.
std::string disk_key(const std::string& url);

/// A machine in the words of a node_config, as far as it shows how it was launched. What is the
/// default of Compute Engine, and what launchers add, is left out: the cluster's labels and its
/// network tag, the network `default`. Pure.
Json node_config_of(const Json& machine, const std::map<std::string, Json>& disks,
                    const std::string& network_tag);

/// The image that a machine's boot disk was made from, "projects/P/global/images/I"; "" where that
/// is not to be seen.
Result<std::string> boot_image(const ResourceJob& job, const Json& machine);

}  // namespace rayctl::gcp
