#pragma once
#include <string>
#include <string_view>

#include "model/names.h"

namespace rayctl::kubernetes {

/// What a pod is called: `prefix` (its node_config's generateName), the node, and a digest of node,
/// cluster and operation, so that a repeated create meets its own pod and nobody else's. At most 63
/// characters, since Ray's tools and Services take it as a host name. Pure.
std::string pod_name(std::string_view prefix, const NodeName& node, std::string_view cluster_id,
                     const OpToken& token);

/// Whether it may stand as the value of a label.
/// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
bool is_label_value(std::string_view text);

/// Whether it may be the name of most kinds of objects (RFC 1123 subdomain), or of a namespace or
/// Service (`label`: no dots, at most 63 characters).
bool is_object_name(std::string_view text, bool label = false);

}  // namespace rayctl::kubernetes
