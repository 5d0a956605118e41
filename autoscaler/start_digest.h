#pragma once
#include <string>

#include "model/config.h"

namespace rayctl {

/// Of all in the config that decides whether a node of the type comes up: after a failure another
/// one is worth a try at once. Counts, limits and time-outs are not in it.
std::string start_digest(const Config& config, const NodeTypeConfig& type);

}  // namespace rayctl
