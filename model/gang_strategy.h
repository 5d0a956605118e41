#pragma once
#include "model/load.h"

namespace rayctl {

/// As Ray writes it: "STRICT_PACK".
const char* ray_name(GangStrategy strategy);

}  // namespace rayctl
