#pragma once
#include <string>

#include "model/json.h"

namespace rayctl {

/// The text under `key` in an object (a section of the YAML, an answer); "" if it is not there or
/// is no text.
std::string text_in(const Json& object, const char* key);

}  // namespace rayctl
