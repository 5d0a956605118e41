#include "base/version.h"

#include <charconv>
#include <vector>

#include "base/text.h"

namespace rayctl {
namespace {

std::vector<long> numbers_of(const std::string& version) {
  std::vector<long> numbers;
  for (const std::string& part : split(version, '.')) {
    long number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{}) break;
    numbers.push_back(number);
    if (end != part.data() + part.size()) break;
  }
  while (!numbers.empty() && numbers.back() == 0)
    numbers.pop_back();
  return numbers;
}

}  // namespace

bool older_version(const std::string& one, const std::string& other) {
  return !one.empty() && numbers_of(one) < numbers_of(other);
}

}  // namespace rayctl
