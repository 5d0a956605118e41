#pragma once
#include <optional>

#include "model/load.h"

namespace rayctl {

/// The load without amounts that are no number: they have no place in any order. nullopt: it has
/// none.
std::optional<Load> without_nan(const Load& load);

}  // namespace rayctl
