#pragma once
#include <filesystem>
#include <string>

#include "model/names.h"

namespace rayctl {

/// Where the state of a cluster is. `home` is base's state_home(); `chosen` is what --state or
/// RAYCTL_STATE says: a database file, or, when it ends with "/", a folder that stands in for
/// `home`; "" for neither. The folder's name is the cluster's with anything but letters, digits,
/// "_", "-" and "." percent-encoded, a leading "." too; a long one ends in a digest. Two clusters
/// never share a folder, and no name leads out of `home`. Pure.
std::filesystem::path state_path(const std::filesystem::path& home, const ClusterName& cluster,
                                 const std::string& chosen = "");

}  // namespace rayctl
