#pragma once
#include <string>

#include "config/yaml.h"

namespace rayctl {

/// What Ray 2.60 fills in where a file of this provider says nothing (the defaults.yaml files of
/// its wheel; for `kubernetes`, which that Ray has no more, Ray 1.13's). Whole top-level keys: a
/// key that the file has is not merged with the default's, as in Ray. Empty for a type that has
/// none.
const Yaml& provider_defaults(const std::string& type);

/// The two node types that Ray makes of head_node and worker_nodes.
inline constexpr char kOlderHeadType[] = "ray-legacy-head-node-type";
inline constexpr char kOlderWorkerType[] = "ray-legacy-worker-node-type";
/// The node type that Ray makes for `type: local`; its head has a type of its own here, since a
/// head and workers that are counted cannot share one.
inline constexpr char kLocalWorkerType[] = "local.cluster.node";
inline constexpr char kLocalHeadType[] = "local.cluster.head";

}  // namespace rayctl
