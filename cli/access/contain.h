#pragma once
#include "cli/access/ssh_access.h"
#include "model/config.h"

namespace rayctl {

/// Whether the machine's tags say that its node was put into a container.
bool has_container(const CloudNode& node);

/// Puts commands into the container that the config gives a node of its type, where one was made;
/// elsewhere they run on the machine. `config` outlives it.
Contain in_containers(const Config& config);

}  // namespace rayctl
