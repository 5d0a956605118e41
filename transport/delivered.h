#pragma once
#include <string>

#include "base/result.h"
#include "model/manifest.h"

namespace rayctl {

// What was delivered for a mount, as it is kept on the node: NUL between records, because a path
// may hold any other byte. "rayctl-mount 1", then "MODE SIZE f|l DIGEST PATH" for each entry.
// Rule: another number is another format, and is read as "nothing known", so that all is sent anew.

std::string format_delivered(const Manifest& manifest);
/// An empty manifest for anything else than what format_delivered writes.
Manifest parse_delivered(const std::string& text);

}  // namespace rayctl
