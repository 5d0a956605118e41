#pragma once
#include <string>

#include "model/json.h"

namespace rayctl {

/// The text under `key` in a section of the YAML (`provider`, `auth`, ...); "" if it is not there
/// or is no text.
std::string text_in(const Json& section, const char* key);

}  // namespace rayctl
