#pragma once
#include <string>

namespace rayctl {

/// Whether `one` came before `other`, number by number ("0.9.1" before "0.10"). What is not written
/// in numbers and dots ("", "0.4-dev") counts up to there; unknown ones ("") are of no age. Pure.
bool older_version(const std::string& one, const std::string& other);

}  // namespace rayctl
