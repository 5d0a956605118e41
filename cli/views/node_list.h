#pragma once
#include <string>
#include <vector>

#include "model/names.h"

namespace rayctl {

/// "gpu" < "gpu-2" < "gpu-10": the number at the end counts as a number.
bool natural_less(const NodeName& one, const NodeName& other);

/// "gpu-1, gpu-2" for few names; "gpu-1 to gpu-10000 (10000)" for many; at most a line either way.
std::string node_list(std::vector<NodeName> names);

}  // namespace rayctl
