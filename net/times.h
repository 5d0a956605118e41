#pragma once
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace rayctl {

/// A time of RFC 3339 as services write them, with a fraction and in any zone:
/// "2026-01-02T03:04:05.25+01:00". To the millisecond; nullopt if it is none. Pure.
std::optional<Time> parse_timestamp(std::string_view text);

/// A Date header: "Fri, 02 Jan 2026 03:04:05 GMT". Pure.
std::optional<Time> parse_http_date(std::string_view text);

}  // namespace rayctl
