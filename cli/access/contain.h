#pragma once
#include <optional>
#include <string>

#include "cli/access/ssh_access.h"
#include "model/config.h"
#include "transport/docker_runner.h"

namespace rayctl {

/// Whether the machine's tags say that its node was put into a container.
bool has_container(const CloudNode& node);

/// The container that a node was put into: its tags say that there is one, the config which.
std::optional<ContainerPlace> container_of(const Config& config, const CloudNode& node);

/// What a terminal on the machine runs so that `line` ("": a shell) runs in the container.
std::string line_in_container(const ContainerPlace& place, const std::string& line, bool tty);

/// Puts commands into the containers of nodes that have one. `config` outlives it.
Contain in_containers(const Config& config);

}  // namespace rayctl
