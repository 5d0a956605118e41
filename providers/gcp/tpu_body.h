#pragma once
#include <optional>
#include <string>

#include "providers/gcp/instance_body.h"

namespace rayctl::gcp {

/// What a TPU's node_config asks for.
struct TpuShape {
  std::string type;  ///< "v4-8": Ray's and the API's acceleratorType
  int chips = 0;     ///< of the whole slice
  int per_host = 0;  ///< chips of one host
  int cores = 0;     ///< of one chip, which the type counts
  int hosts() const { return (chips + per_host - 1) / per_host; }
  int cores_of_host() const { return per_host * cores; }
  std::string generation() const { return type.substr(0, type.find('-')); }
  bool operator==(const TpuShape&) const = default;
};

/// The shape that acceleratorType ("v4-8") or acceleratorConfig ({"type": "V4", "topology":
/// "2x2x1"}) says, by Ray's rules. kConfigInvalid, with what to write, if they say none.
Result<TpuShape> tpu_shape(const Json& node_config);

/// A TPU's node_config with what a launch adds to it: `ssh-keys`, the network tag and, where it
/// does not say them, the network and the head's account.
Json completed_tpu(const Json& node_config, bool head, const LaunchParts& parts);

/// The body of tpu.projects.locations.nodes.create (v2); the node's name is a parameter of the
/// call: what completed_tpu() gives, with the labels, and Ray's serviceAccounts as the API's
/// serviceAccount. Pure.
Json tpu_body(const Json& node_config, bool head, const BodyFacts& facts);

}  // namespace rayctl::gcp
