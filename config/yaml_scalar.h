#pragma once
#include <optional>
#include <string>

#include "model/json.h"

namespace rayctl {

/// What an unquoted scalar means to Ray, which reads YAML 1.1 with PyYAML's SafeLoader: `yes`,
/// `off` are booleans, `010` is 8, `1_000` is 1000, `1:30` is 90, `1e3` and `0o7` are text. Two
/// exceptions: timestamps and a lone `=`, which Ray's schema would refuse anyway, stay text. A
/// whole number beyond 64 bits becomes a floating one.
Json yaml_scalar(const std::string& text);

/// The scalar read under an explicit tag ("tag:yaml.org,2002:int", ...). Nothing if the text is not
/// of that type or the tag is not one that Ray's loader turns into null, bool, number or text.
std::optional<Json> yaml_tagged_scalar(const std::string& tag, const std::string& text);

}  // namespace rayctl
