#pragma once
#include <string>

#include "config/findings.h"
#include "config/yaml.h"

namespace rayctl {

/// A shell line with the options of `ray start` that Ray 1 and 2 renamed under their new names.
/// Pure.
std::string with_new_flags(const std::string& line);

/// Start commands of the file with such options: Ray 2 refuses them.
void check_old_flags(const Yaml& root, Findings& findings);

}  // namespace rayctl
