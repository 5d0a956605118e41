#pragma once
#include <nlohmann/json.hpp>

namespace rayctl {

/// JSON with keys in sorted order: the same value gives the same bytes.
using Json = nlohmann::json;

}  // namespace rayctl
