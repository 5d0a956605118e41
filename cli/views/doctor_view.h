#pragma once
#include <string>
#include <vector>

#include "cli/doctor.h"
#include "cli/views/style.h"
#include "model/json.h"

namespace rayctl {

/// A table for each node, with the remedy below each finding, and a closing line.
std::string render_doctor(const std::vector<Diagnosis>& diagnoses, const Style& style);
Json to_json(const Diagnosis& diagnosis);

}  // namespace rayctl
