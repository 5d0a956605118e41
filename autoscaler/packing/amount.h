#pragma once
#include <cstdint>
#include <string>

#include "model/load.h"

namespace rayctl {

/// An exact amount of a resource in multiples of 1/10,000, as Ray counts: ten times 0.1 is 1.
using Amount = std::int64_t;
inline constexpr Amount kWhole = 10'000;
/// Larger ones count as this much, so that sums stay in range.
inline constexpr Amount kMostAmount = Amount{1} << 60;

/// Never negative; NaN is 0, and what is above 0 never becomes 0.
Amount to_amount(double value);
/// The amount of `name`, 0 if it is not there.
Amount amount_of(const Resources& resources, const std::string& name);
double from_amount(Amount amount);

}  // namespace rayctl
