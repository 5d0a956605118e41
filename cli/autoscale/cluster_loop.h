#pragma once
#include <stop_token>

#include "cli/autoscale/turn.h"
#include "cli/cluster.h"

namespace rayctl {

struct ClusterLoopOptions {
  Millis interval{5'000};
  bool once = false;  ///< one tick, and what it leads to
};

/// Runs the autoscaler of a cluster until told to stop, or until its turn has ended.
Result<> run_cluster_loop(Session& session, Cluster& cluster, Turn& turn,
                          const ClusterLoopOptions& options, std::stop_token stop);

}  // namespace rayctl
