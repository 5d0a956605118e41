#include "net/times.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <string>

namespace rayctl {
namespace {

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

std::optional<Time> parse_timestamp(std::string_view text) {
  const std::string copy(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &year, &month, &day, &hour,
                  &minute, &second, &used) != 6) {
    return std::nullopt;
  }
  std::optional<Time> time = at(year, month, day, hour, minute, second);
  std::string_view rest = std::string_view(copy).substr(static_cast<std::size_t>(used));
  if (rest.starts_with('.')) {
    int scale = 100;
    for (rest.remove_prefix(1);
         !rest.empty() && std::isdigit(static_cast<unsigned char>(rest[0])) != 0;
         rest.remove_prefix(1)) {
      if (time) *time += Millis{(rest[0] - '0') * scale};
      scale /= 10;
    }
  }
  if (rest == "Z" || rest == "z") return time;
  if (rest.empty()) return std::nullopt;
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

}  // namespace rayctl
