#pragma once
#include <string>

#include "cli/cluster_flags.h"
#include "cli/session.h"

namespace rayctl {

/// What `import --write-config` is given.
struct WriteConfigFlags {
  std::string path, provider, region;
};

/// Makes a cluster's YAML from its machines, where none is at hand. Records nothing; a file that is
/// there stays.
Result<int> write_config_file(Session& session, const ClusterFlags& cluster_flags,
                              const WriteConfigFlags& flags);

}  // namespace rayctl
