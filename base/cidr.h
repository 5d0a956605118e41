#pragma once
#include <string>

namespace rayctl {

/// "10.1.2.3/8" as "10.0.0.0/8", an address alone with /32 or /128, IPv6 in its short form. What
/// is no network comes back as it is. Pure, as all here.
std::string canonical_cidr(const std::string& text);
/// Whether the text is a network or an address.
bool is_cidr(const std::string& text);
/// Whether all of `inner` lies in `outer`; false if one is no network, or they are of two kinds.
bool contains_cidr(const std::string& outer, const std::string& inner);

}  // namespace rayctl
