#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace rayctl::aws {

/// RFC 3986: all but A-Z a-z 0-9 - . _ ~ and what is in `keep` becomes %XX.
std::string percent_encode(std::string_view text, std::string_view keep = "");
/// The reverse. A "%" without two digits stands for itself, "+" too.
std::string percent_decode(std::string_view text);
/// "a=1&b=x%20y", in the order of the map.
std::string form_encode(const std::map<std::string, std::string>& params);

/// What services write: "2026-01-02T03:04:05Z", with a fraction or an offset ("+01:00") as well.
std::optional<Time> parse_timestamp(std::string_view text);
/// A Date header: "Fri, 02 Jan 2026 03:04:05 GMT".
std::optional<Time> parse_http_date(std::string_view text);
/// "20260102T030405Z".
std::string compact_time(Time time);

}  // namespace rayctl::aws
