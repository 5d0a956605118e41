#pragma once
#include <string>

#include "config/config.h"
#include "config/form.h"
#include "config/yaml.h"

namespace rayctl {

/// The Config of a tree in which nothing is wrong. `written` is the tree before defaults were
/// filled in, for the places.
Config build_config(const Yaml& root, const Yaml& written, const Form& form,
                    const std::string& file, const ParseOptions& options);

}  // namespace rayctl
