#pragma once
#include <string>

#include "model/config.h"

namespace rayctl {

/// Where Ray's own launcher puts them on the head (ray/autoscaler/_private/commands.py of 2.60).
inline constexpr char kBootstrapFile[] = "~/ray_bootstrap_config.yaml";
inline constexpr char kBootstrapKey[] = "~/ray_bootstrap_key.pem";

/// The cluster's YAML as Ray's monitor on the head reads it: JSON, which is YAML too. Complete
/// (with defaults, and with set-up commands merged, which monitors of all versions then run once),
/// in keys that the schemas of Ray 2.9 to 2.60 all have: idle_timeout_s and priority of a node type
/// are not among them. Holds none of our own keys; secrets stand as references, those written out
/// as references to their digests keyed with `key`. For `type: local` it has Ray's one node type.
std::string bootstrap_config(const Config& config, const std::string& key);

}  // namespace rayctl
