#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace rayctl {

/// Words as a POSIX shell splits and unquotes them, with nothing expanded; kCredentials if a quote
/// is not closed.
Result<std::vector<std::string>> shell_words(const std::string& text);

}  // namespace rayctl
