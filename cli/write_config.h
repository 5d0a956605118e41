#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/names.h"
#include "providers/cloud_desk.h"

namespace rayctl {

/// A cluster's YAML made from its machines.
struct WrittenConfig {
  std::string yaml;
  std::vector<std::string> unknown;  ///< what machines do not show, or not alike; also in the YAML
};

/// Node types as the machines' tags name them, each with the node config of its machines and as
/// many of them as there are. What `things` have with the cluster's own id, rayctl made for it and
/// would make again: it is not in the file. kNoSuchNode without a head. Pure.
Result<WrittenConfig> write_config(const ClusterName& cluster, const ProviderName& provider,
                                   const std::string& region, std::vector<LaunchFacts> machines,
                                   const std::vector<TaggedThing>& things);

}  // namespace rayctl
