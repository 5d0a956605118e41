#include "providers/aws/encoding.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace rayctl::aws {
namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Time> at(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  const bool sound = date.ok() && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 &&
                     second >= 0 && second <= 60;
  if (!sound) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

}  // namespace

std::string percent_encode(std::string_view text, std::string_view keep) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4U];
    encoded += kDigits[byte & 15U];
  }
  return encoded;
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      decoded += text[i];
    } else {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

std::string form_encode(const std::map<std::string, std::string>& params) {
  std::string body;
  for (const auto& [name, value] : params) {
    if (!body.empty()) body += '&';
    body += percent_encode(name) + "=" + percent_encode(value);
  }
  return body;
}

std::optional<Time> parse_timestamp(std::string_view text) {
  const std::string copy(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &used) != 6) {
    return std::nullopt;
  }
  std::optional<Time> time = at(year, month, day, hour, minute, second);
  std::string_view rest = std::string_view(copy).substr(static_cast<std::size_t>(used));
  if (rest.starts_with('.')) {
    int scale = 100;
    for (rest.remove_prefix(1); !rest.empty() && hex_digit(rest[0]) >= 0 && hex_digit(rest[0]) < 10;
         rest.remove_prefix(1)) {
      if (time) *time += Millis{hex_digit(rest[0]) * scale};
      scale /= 10;
    }
  }
  if (rest.empty() || rest == "Z") return time;
  int hours = 0, minutes = 0;
  const std::string offset(rest.substr(1));
  if ((rest[0] != '+' && rest[0] != '-') || !time ||
      std::sscanf(offset.c_str(), "%2d:%2d", &hours, &minutes) != 2) {
    return std::nullopt;
  }
  const std::chrono::minutes shift{hours * 60 + minutes};
  return rest[0] == '+' ? *time - shift : *time + shift;
}

std::optional<Time> parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::string copy(text);
  std::array<char, 4> month{};
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(copy.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, month.data(), &year,
                  &hour, &minute, &second) != 6) {
    return std::nullopt;
  }
  const std::size_t place = kMonths.find(month.data());
  if (place == std::string_view::npos || place % 3 != 0) return std::nullopt;
  return at(year, static_cast<int>(place / 3) + 1, day, hour, minute, second);
}

std::string compact_time(Time time) {
  std::string compact;
  for (const char c : format_time(time).substr(0, 19)) {
    if (c != '-' && c != ':') compact += c;
  }
  return compact + "Z";
}

}  // namespace rayctl::aws
