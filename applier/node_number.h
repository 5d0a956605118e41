#pragma once
#include "model/names.h"

namespace rayctl {

/// The number at the end of a node's name ("gpu-12": 12); 0 if it has none.
int node_number(const NodeName& name);

}  // namespace rayctl
