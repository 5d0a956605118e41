#pragma once
#include <set>
#include <string>

#include "model/config.h"
#include "model/json.h"

namespace rayctl {

/// The value of Ray's tag ray-launch-config for a machine of this cluster, as Ray 2.60 writes it.
/// `node_config` has its secrets in place. Reads the keys that `auth` names; one that cannot be
/// read counts as its path, as in a Ray that has none.
std::string ray_launch_tag(const Config& config, const Json& node_config);

/// The values that the launchers of Ray 0.8 to 2.60 give that tag: a machine that carries one of
/// them was launched from this node config.
std::set<std::string> ray_launch_tags(const Config& config, const Json& node_config);

}  // namespace rayctl
