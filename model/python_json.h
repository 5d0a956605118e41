#pragma once
#include <string>

#include "model/json.h"

namespace rayctl {

/// What Python's json.dumps(value, sort_keys=True) writes, byte for byte: ASCII only, ", " and ":
/// ", floats in their shortest form, NaN and Infinity as words. Total: bytes that are no UTF-8
/// become U+FFFD. Two values cannot be told from a Json, so they come out as other bytes than
/// Python's: an integer beyond 64 bits (a double here) and keys that are no strings (Python sorts 2
/// before 10).
std::string python_json(const Json& value);

}  // namespace rayctl
