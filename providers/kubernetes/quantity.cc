#include "providers/kubernetes/quantity.h"

#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace rayctl::kubernetes {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 16> kSuffixes = {{
    {"", 1},
    {"n", 1e-9},
    {"u", 1e-6},
    {"m", 1e-3},
    {"k", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"E", 1e18},
    {"Ki", 1024.0},
    {"Mi", 1048576.0},
    {"Gi", 1073741824.0},
    {"Ti", 1099511627776.0},
    {"Pi", 1125899906842624.0},
    {"Ei", 1152921504606846976.0},
}};

}  // namespace

std::optional<double> read_quantity(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  // "2E" is two exa, and "2E3" two thousand: the longest number that there is counts.
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{}) return std::nullopt;
  const std::string_view suffix(read.ptr, static_cast<std::size_t>(text.end() - read.ptr));
  for (const auto& [name, factor] : kSuffixes) {
    if (suffix == name) return number * factor;
  }
  return std::nullopt;
}

std::optional<double> read_quantity(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string())
    return read_quantity(std::string_view(value.get_ref<const std::string&>()));
  return std::nullopt;
}

}  // namespace rayctl::kubernetes
