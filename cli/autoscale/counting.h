#pragma once
#include "applier/applier.h"
#include "autoscaler/metrics.h"
#include "model/plan.h"

namespace rayctl {

/// Adds what a run of a plan did to what the loop counts. Steps that were left for a later run
/// count when they end.
void count_run(const Plan& plan, const ApplyReport& report, AutoscalerCounters& counters);

}  // namespace rayctl
