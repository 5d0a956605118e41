#pragma once
#include "model/json.h"

namespace rayctl {

/// A number as people and Ray write it: 4, not 4.0, where it is whole.
Json json_number(double value);

}  // namespace rayctl
