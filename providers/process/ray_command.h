#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/spec.h"
#include "providers/process/node_folder.h"

namespace rayctl::process {

/// The arguments of `ray start --block` for one of several nodes on this machine; pure. `head` is
/// null for the head itself. What a node type does not say is small: no GPUs, 1 GB of memory, 200
/// MB of object store, for Ray would otherwise give every node the whole machine; CPUs as many as
/// there are. ray_start_args come last and win, except over what makes the node the one it is
/// (address, ports, temporary folder): those are refused with kNotSupported.
Result<std::vector<std::string>> ray_start_argv(const std::string& ray, const NodeFacts& node,
                                                const NodeFacts* head, const RayStart& start);

/// The `ray` program as an absolute path: `configured` (a path or a name, "~" expanded), else
/// $RAYCTL_RAY, else `ray` on the PATH. kStartFailed with the remedy if it is not there.
Result<std::string> find_ray(const std::string& configured);

}  // namespace rayctl::process
