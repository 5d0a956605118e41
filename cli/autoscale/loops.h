#pragma once
#include <filesystem>
#include <memory>

#include "cli/autoscale/place.h"
#include "cli/cluster.h"
#include "cli/session.h"

namespace rayctl {

// Autoscalers that are kept running (service.h), wherever that is.

/// Runs programs where the cluster's autoscaler is kept running, if that is at `place`: here (with
/// the cluster's folder as home where all nodes are here, else as this user) or on the head.
/// kNoSuchNode without a head.
Result<std::unique_ptr<CommandRunner>> loops_runner(Cluster& cluster, AutoscalerPlace place,
                                                    const CloudNode* head);

/// Starts the autoscaler of the bundle in `folder` there, detached and kept running, and, unless
/// the cluster ends with the machine, started again at boot; those of other bundles end.
Result<> start_loop(CommandRunner& there, const ClusterId& cluster, const std::string& folder,
                    const Digest& digest, bool at_boot, Clock& clock);
/// Ends all of the cluster's, and waits until they have ended. None there: nothing to do.
Result<> stop_loops(CommandRunner& there, const ClusterId& cluster, Clock& clock);
/// Whether one runs.
Result<bool> loop_runs(CommandRunner& there, const ClusterId& cluster, Clock& clock);

}  // namespace rayctl
