#pragma once
#include <string>

namespace rayctl::gcp {

/// What follows `collection` in a URL, whole or partial: "p" of "projects/p/global/..." after
/// "projects"; `otherwise` where it is not in it.
std::string part_after(const std::string& url, const std::string& collection,
                       const std::string& otherwise);

}  // namespace rayctl::gcp
