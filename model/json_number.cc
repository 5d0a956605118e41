#include "model/json_number.h"

#include <cmath>
#include <cstdint>

namespace rayctl {

Json json_number(double value) {
  constexpr double kExact = 9e15;  // up to here every whole number is a double
  const bool whole = value == std::floor(value) && std::abs(value) < kExact;
  return whole ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

}  // namespace rayctl
