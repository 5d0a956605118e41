#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/cluster_flags.h"

namespace rayctl {

/// Where the cluster's autoscaler runs beside the head: runs `rayctl autoscaler WORDS` there, with
/// the autoscaler's own program and state, passes on what it prints, and gives its exit status.
/// nullopt where what the autoscaler wrote is on this machine.
Result<std::optional<int>> ask_head(Session& session, const ClusterFlags& flags,
                                    const std::vector<std::string>& words);

}  // namespace rayctl
