#include "cli/views/node_list.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <tuple>

namespace rayctl {
namespace {

constexpr std::size_t kListed = 4;

/// The name without the number at its end, and that number's digits.
std::pair<std::string_view, std::string_view> parts(const NodeName& name) {
  std::size_t end = name.text.size();
  while (end > 0 && std::isdigit(static_cast<unsigned char>(name.text[end - 1])) != 0)
    --end;
  return {std::string_view(name.text).substr(0, end), std::string_view(name.text).substr(end)};
}

}  // namespace

bool natural_less(const NodeName& one, const NodeName& other) {
  auto [stem, number] = parts(one);
  auto [other_stem, other_number] = parts(other);
  return std::tuple(stem, number.size(), number) <
         std::tuple(other_stem, other_number.size(), other_number);
}

std::string node_list(std::vector<NodeName> names) {
  std::sort(names.begin(), names.end(), natural_less);
  if (names.size() > kListed) {
    return names.front().text + " to " + names.back().text + " (" + std::to_string(names.size()) +
           ")";
  }
  std::string text;
  for (const NodeName& name : names)
    text += (text.empty() ? "" : ", ") + name.text;
  return text;
}

}  // namespace rayctl
