#pragma once
#include <string>
#include <vector>

namespace rayctl {

/// The lines of the one and then those of the other.
inline std::vector<std::string> both(std::vector<std::string> first,
                                     const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace rayctl
