#pragma once
#include "cli/pipeline.h"

namespace rayctl {

/// Decides where the autoscaler of what is desired runs, and sees whether it does: looks at the
/// head, changes nothing there. Where it cannot be where the config wants it, or Ray's own works
/// there, a note says so.
void place_autoscaler(Session& session, Cluster& cluster, const Goal& goal, Prepared& prepared);

}  // namespace rayctl
