#pragma once
#include <string>
#include <vector>

#include "cli/views/style.h"
#include "model/plan.h"

namespace rayctl {

/// What the head line and the hints of a plan's text need beside the plan.
struct PlanViewOptions {
  std::string where;        ///< "process": the provider and region
  std::int64_t serial = 0;  ///< of the state
  std::string refreshed;    ///< "refreshed 3 nodes in 0.2 s"; "" prints nothing
  bool explain = false;     ///< every step with its reason and what it waits for
  bool no_restart = false;
};

/// The whole plan as text; nodes to which the same happens share their lines, so that 10,000 equal
/// nodes take as many lines as one. Ends with the summary line.
std::string render_plan(const Plan& plan, const PlanViewOptions& options, const Style& style);

}  // namespace rayctl
