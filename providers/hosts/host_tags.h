#pragma once
#include <string>
#include <string_view>

#include "model/tags.h"

namespace rayctl::hosts {

/// Tags as they lie on a host: "key=value", one a line, in the order of the keys; of two lines with
/// one key the last counts. A backslash is "\\", a line break "\n" and, in a key, "=" is "\e".
std::string format_tags(const Tags& tags);
/// Lines without "=" are passed over.
Tags parse_tags(std::string_view text);

}  // namespace rayctl::hosts
