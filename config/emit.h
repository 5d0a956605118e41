#pragma once
#include <string>
#include <utility>
#include <vector>

#include "model/json.h"

namespace rayctl {

/// Top-level keys of a YAML file in the order in which they are to stand.
using Sections = std::vector<std::pair<std::string, Json>>;

/// YAML in block style that reads back (yaml_scalar, and so PyYAML) as the same values: text that
/// would be read as anything else is quoted.
std::string emit_yaml(const Sections& sections);

}  // namespace rayctl
