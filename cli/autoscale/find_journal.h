#pragma once
#include <filesystem>

#include "base/result.h"
#include "cli/cluster_flags.h"

namespace rayctl {

/// The journal that a command line names: that of a cluster (its YAML, or -n), or, instead of the
/// YAML, a folder or an .ndjson file of a journal.
Result<std::filesystem::path> find_journal(Session& session, const ClusterFlags& flags);

}  // namespace rayctl
