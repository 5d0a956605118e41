#pragma once
#include <string>

#include "config/findings.h"
#include "config/keys.h"
#include "config/yaml.h"

namespace rayctl {

/// Reports the keys of `map` that `record` does not have, those that it needs and that are not
/// there, and values of the wrong type. `in` names the map for people ("provider (aws)"); it is
/// empty for the file itself.
void check_record(const Yaml& map, const Record& record, const std::string& in, Findings& findings);
/// The same for one value.
void check_key(const Yaml& value, const Key& key, const std::string& in, Findings& findings);

}  // namespace rayctl
