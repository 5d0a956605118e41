#pragma once
#include <compare>
#include <functional>
#include <string>

namespace rayctl {

/// Each kind of name is a type of its own: a NodeName where a CloudId is wanted does not compile.
template <class Tag>
struct Name {
  std::string text;
  friend auto operator<=>(const Name&, const Name&) = default;
  bool empty() const { return text.empty(); }
};

using ClusterName = Name<struct ClusterNameTag>;    ///< cluster_name of the YAML
using ClusterId = Name<struct ClusterIdTag>;        ///< made at the first apply, on every object
using NodeTypeName = Name<struct NodeTypeNameTag>;  ///< a key of available_node_types
using NodeName = Name<struct NodeNameTag>;          ///< ours, stable for life: "gpu-3"
using CloudId = Name<struct CloudIdTag>;            ///< the provider's own, opaque: "i-0abc"
using ProviderName = Name<struct ProviderNameTag>;  ///< provider.type: "process", "aws"
using ResourceName = Name<struct ResourceNameTag>;  ///< ours: "security-group", "key-pair"
using Digest = Name<struct DigestTag>;              ///< see base/digest.h, short_digest
using OpToken = Name<struct OpTokenTag>;            ///< idempotency token sent with an effect

}  // namespace rayctl

template <class Tag>
struct std::hash<rayctl::Name<Tag>> {
  std::size_t operator()(const rayctl::Name<Tag>& name) const noexcept {
    return std::hash<std::string>{}(name.text);
  }
};
