#pragma once
#include <string>
#include <string_view>

#include "model/config.h"
#include "model/desired.h"
#include "model/json.h"

namespace rayctl {

/// The fields of one digest, by the name under which the user knows them.
class Fields {
 public:
  void add(const std::string& name, const Json& value);
  void add(const std::string& name, const Digest& digest) { fields_[name] = digest; }
  /// Each key of a map as a field of its own: "node_config.InstanceType".
  void add_keys(const std::string& prefix, const Json& map);
  /// The digest of them all, or an empty one if there are none; recorded with its fields in
  /// `breakdown`.
  Digest close(std::string_view effect, std::map<Digest, FieldDigests>& breakdown) const;

 private:
  FieldDigests fields_;
};

/// The name of a file mount's field in the breakdown of a files digest; its digest is that of the
/// mount's manifest.
std::string mount_field(const std::string& remote);

/// Digest of a value: of its JSON with sorted keys, so that order and comments do not matter.
Digest digest_of(const Json& value);

/// What the autoscaler must know: limits and speeds of the cluster and of every type.
Fields autoscaler_fields(const Config& config);

/// Fills spec.digests from the spec (already sealed) and what else of the config reaches the node.
void add_digests(NodeSpec& spec, const NodeTypeConfig& type, const Config& config,
                 std::map<Digest, FieldDigests>& breakdown);

}  // namespace rayctl
