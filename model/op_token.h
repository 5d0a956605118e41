#pragma once
#include <cstdint>
#include <string>

#include "model/names.h"

namespace rayctl {

/// The token of a step's operation: a digest of lineage, serial and step (docs/architecture.md, A
/// step, and what a crash leaves). `attempt` counts zones, markets and types tried. Pure.
OpToken make_token(const std::string& lineage, std::int64_t serial, int step, int attempt = 0);

}  // namespace rayctl
