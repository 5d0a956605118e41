#pragma once
#include <string>

#include "base/clock.h"

namespace rayctl::aws {

/// "20260102T030405Z", as signatures have it.
std::string compact_time(Time time);

}  // namespace rayctl::aws
