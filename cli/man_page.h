#pragma once
#include <string>
#include <string_view>

namespace rayctl {

/// The manual page (section 1, roff) of a verb, made from the text that --help shows; of the
/// program for "rayctl".
std::string man_page(std::string_view verb, std::string_view version);

}  // namespace rayctl
