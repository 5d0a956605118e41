#pragma once
#include <map>
#include <string>

#include "providers/process/node_folder.h"

namespace rayctl::process {

using Environment = std::map<std::string, std::string>;

/// This program's environment without what would mislead a node: RAY_* and RAYCTL_* of the shell
/// that rayctl was called from.
Environment inherited_environment();

/// The environment of everything that runs on a node. `ray` is the Ray program or "".
Environment node_environment(const NodeFolder& folder, const NodeFacts& facts,
                             const std::string& ray);

}  // namespace rayctl::process
