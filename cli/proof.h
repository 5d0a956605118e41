#pragma once
#include "cli/run.h"

namespace rayctl {

/// The end of a `down`: lists the providers again until no machine of the cluster is left (or, with
/// --workers-only, no worker), says so, and returns 0; else names what is left and returns 6.
Result<int> prove_empty(Session& session, Cluster& cluster, const Prepared& prepared,
                        const ChangeRequest& request);

}  // namespace rayctl
