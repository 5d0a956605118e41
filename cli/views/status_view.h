#pragma once
#include <string>
#include <vector>

#include "cli/overview.h"
#include "cli/views/style.h"
#include "model/config.h"

namespace rayctl {

/// The table of `rayctl status` and the lines about counts and limits below it.
std::string render_status(const Config& config, const Looked& looked,
                          const std::vector<NodeOverview>& nodes, const Style& style);
/// The same as JSON, with a format version.
Json status_json(const Config& config, const Looked& looked,
                 const std::vector<NodeOverview>& nodes);

}  // namespace rayctl
