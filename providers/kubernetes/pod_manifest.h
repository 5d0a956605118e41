#pragma once
#include <string>
#include <vector>

#include "model/config.h"
#include "model/diagnostic.h"
#include "model/json.h"
#include "providers/provider.h"

namespace rayctl::kubernetes {

/// The pod of a node_config: itself, or what stands under `pod` (Ray 0.8 to 1.13 took both).
const Json& pod_of(const Json& node_config);

/// The pod to create for one node of a launch. Pure, as all here.
Json pod_manifest(const LaunchRequest& request, const NodeName& node, const std::string& space);

/// All that is wrong with the config's pods and names, before anything is asked of anybody.
std::vector<Diagnostic> pod_mistakes(const Config& config, const std::string& space);

}  // namespace rayctl::kubernetes
