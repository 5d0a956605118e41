#pragma once
#include <string>

#include "autoscaler/simulate.h"
#include "cli/views/style.h"

namespace rayctl {

std::string render_simulation(const SimulationResult& result, const Style& style);
Json simulation_json(const SimulationResult& result);

/// An SVG picture of a simulation: above what waits and runs, below how many workers are wanted and
/// how many are in Ray. Legible on a light and on a dark ground; the same input gives the same
/// bytes.
std::string simulation_svg(const SimulationResult& result, const std::string& title);

}  // namespace rayctl
