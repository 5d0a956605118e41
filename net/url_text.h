#pragma once
#include <map>
#include <string>
#include <string_view>

namespace rayctl {

/// RFC 3986: all but A-Z a-z 0-9 - . _ ~ and what is in `keep` becomes %XX. Pure, as all here.
std::string percent_encode(std::string_view text, std::string_view keep = "");
/// The reverse. A "%" without two digits stands for itself, "+" too.
std::string percent_decode(std::string_view text);
/// "a=1&b=x%20y" of names and values, in the order of the map.
std::string form_encode(const std::map<std::string, std::string>& fields);

}  // namespace rayctl
