#include "planner/node_names.h"

#include <algorithm>

namespace rayctl::planning {

NameParts parts_of(const NodeName& name) {
  constexpr std::size_t kMostDigits = 9;
  const std::string_view text = name.text;
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return {text, -1};
  const std::string_view digits = text.substr(dash + 1);
  const bool numeric =
      !digits.empty() && digits.size() <= kMostDigits &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!numeric) return {text, -1};
  std::int64_t number = 0;
  for (const char c : digits)
    number = number * 10 + (c - '0');
  return {text.substr(0, dash), number};
}

NodeName numbered(const NodeTypeName& type, std::int64_t number) {
  return {type.text + "-" + std::to_string(number)};
}

}  // namespace rayctl::planning
