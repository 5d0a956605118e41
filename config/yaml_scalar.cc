#include "config/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace rayctl {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

/// How many characters from `at` are in `set`.
std::size_t span(std::string_view text, std::size_t at, std::string_view set) {
  std::size_t end = text.find_first_not_of(set, at);
  return (end == std::string_view::npos ? text.size() : end) - std::min(at, text.size());
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kDigitsAndUnderscore = "0123456789_";

template <std::size_t N>
bool among(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<bool> as_bool(std::string_view text) {
  static constexpr std::array<std::string_view, 9> yes = {"yes",  "Yes", "YES", "true", "True",
                                                          "TRUE", "on",  "On",  "ON"};
  static constexpr std::array<std::string_view, 9> no = {"no",    "No",  "NO",  "false", "False",
                                                         "FALSE", "off", "Off", "OFF"};
  if (among(text, yes)) return true;
  if (among(text, no)) return false;
  return std::nullopt;
}

bool is_null(std::string_view text) {
  static constexpr std::array<std::string_view, 5> words = {"", "~", "null", "Null", "NULL"};
  return among(text, words);
}

/// The pieces of a sexagesimal number (":59:0:7") from `at` to the end of the text; empty if it is
/// not one.
std::vector<int> sixties(std::string_view text, std::size_t at) {
  std::vector<int> parts;
  while (at < text.size()) {
    std::size_t length = span(text, at + 1, kDigits);
    if (text[at] != ':' || length == 0 || length > 2) return {};
    if (length == 2 && text[at + 1] > '5') return {};
    parts.push_back(length == 2 ? (text[at + 1] - '0') * 10 + (text[at + 2] - '0')
                                : text[at + 1] - '0');
    at += 1 + length;
  }
  return parts;
}

Json whole_number(bool negative, std::string digits, int base) {
  std::erase(digits, '_');
  std::uint64_t value = 0;
  auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (problem == std::errc::result_out_of_range) {
    double big = 0;
    if (base == 10) {
      std::from_chars(digits.data(), digits.data() + digits.size(), big);
    } else {
      for (char c : digits)
        big = big * base + (digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return negative ? -big : big;
  }
  if (problem != std::errc() || end != digits.data() + digits.size()) return nullptr;
  if (!negative) {
    if (value <= std::numeric_limits<std::int64_t>::max()) return static_cast<std::int64_t>(value);
    return value;
  }
  if (value > std::uint64_t{1} << 63U) return -static_cast<double>(value);
  return static_cast<std::int64_t>(~value + 1);
}

/// Null if the text is not a whole number.
Json as_int(std::string_view text) {
  bool negative = text.starts_with('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !digit(text[0])) return nullptr;
  auto all = [&](std::size_t from, std::string_view set) {
    return from < text.size() && from + span(text, from, set) == text.size();
  };
  if (text == "0") return 0;
  if (text.starts_with("0b")) {
    return all(2, "01_") ? whole_number(negative, std::string(text.substr(2)), 2) : Json();
  }
  if (text.starts_with("0x")) {
    return all(2, "0123456789abcdefABCDEF_")
               ? whole_number(negative, std::string(text.substr(2)), 16)
               : Json();
  }
  if (text[0] == '0') {
    if (!all(1, "01234567_")) return nullptr;
    return whole_number(negative, std::string(text), 8);
  }
  std::size_t head = span(text, 0, kDigitsAndUnderscore);
  if (head == text.size()) return whole_number(negative, std::string(text), 10);
  std::vector<int> parts = sixties(text, head);
  if (parts.empty()) return nullptr;
  Json first = whole_number(false, std::string(text.substr(0, head)), 10);
  std::int64_t value = 0;
  if (!first.is_number_integer() || __builtin_add_overflow(first.get<std::int64_t>(), 0, &value))
    return nullptr;
  for (int part : parts) {
    if (__builtin_mul_overflow(value, 60, &value) || __builtin_add_overflow(value, part, &value))
      return nullptr;
  }
  return negative ? -value : value;
}

double decimal(std::string text) {
  std::erase(text, '_');
  double value = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc::result_out_of_range) {
    std::size_t exponent = text.find_first_of("eE");
    bool tiny = exponent != std::string::npos && text[exponent + 1] == '-';
    return tiny ? 0 : std::numeric_limits<double>::infinity();
  }
  return value;
}

/// Null if the text is not a floating number.
Json as_float(std::string_view text) {
  static constexpr std::array<std::string_view, 3> inf = {".inf", ".Inf", ".INF"};
  static constexpr std::array<std::string_view, 3> nan = {".nan", ".NaN", ".NAN"};
  if (among(text, nan)) return std::numeric_limits<double>::quiet_NaN();
  bool sign = text.starts_with('-') || text.starts_with('+');
  double factor = text.starts_with('-') ? -1 : 1;
  std::string_view rest = sign ? text.substr(1) : text;
  if (among(rest, inf)) return factor * std::numeric_limits<double>::infinity();
  std::size_t head = !rest.empty() && digit(rest[0]) ? span(rest, 0, kDigitsAndUnderscore) : 0;
  if (head == 0 && (sign || rest.size() < 2 || rest[0] != '.' || !digit(rest[1]))) return nullptr;
  if (head < rest.size() && rest[head] == ':') {
    std::size_t point = rest.find('.');
    if (point == std::string_view::npos ||
        span(rest, point + 1, kDigitsAndUnderscore) != rest.size() - point - 1) {
      return nullptr;
    }
    std::vector<int> parts = sixties(rest.substr(0, point), head);
    if (parts.empty()) return nullptr;
    double value = decimal(std::string(rest.substr(0, head)));
    for (int part : parts)
      value = value * 60 + part;
    return factor * (value + decimal("0" + std::string(rest.substr(point))));
  }
  if (head >= rest.size() || rest[head] != '.') return nullptr;
  std::size_t end = head + 1 + span(rest, head + 1, kDigitsAndUnderscore);
  if (end < rest.size()) {
    bool exponent = (rest[end] == 'e' || rest[end] == 'E') && end + 2 < rest.size() &&
                    (rest[end + 1] == '-' || rest[end + 1] == '+') &&
                    span(rest, end + 2, kDigits) == rest.size() - end - 2;
    if (!exponent) return nullptr;
  }
  return factor * decimal((head == 0 ? "0" : "") + std::string(rest));
}

}  // namespace

Json yaml_scalar(const std::string& text) {
  if (is_null(text)) return nullptr;
  if (std::optional<bool> boolean = as_bool(text)) return *boolean;
  if (Json number = as_int(text); !number.is_null()) return number;
  if (Json number = as_float(text); !number.is_null()) return number;
  return text;
}

std::optional<Json> yaml_tagged_scalar(const std::string& tag, const std::string& text) {
  constexpr std::string_view prefix = "tag:yaml.org,2002:";
  if (!std::string_view(tag).starts_with(prefix)) return std::nullopt;
  std::string_view type = std::string_view(tag).substr(prefix.size());
  if (type == "str") return text;
  if (type == "null") return Json();
  if (type == "bool") {
    std::optional<bool> boolean = as_bool(text);
    return boolean ? std::optional<Json>(*boolean) : std::nullopt;
  }
  if (type == "int") {
    Json number = as_int(text);
    return number.is_null() ? std::nullopt : std::optional<Json>(number);
  }
  if (type == "float") {
    Json number = as_float(text);
    if (number.is_null()) number = as_int(text);
    return number.is_null() ? std::nullopt : std::optional<Json>(number.get<double>());
  }
  return std::nullopt;
}

}  // namespace rayctl
