#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rayctl {

/// Amounts by Ray's names ("CPU", "GPU", "memory" in bytes, custom ones); fractions are allowed.
using Resources = std::map<std::string, double>;

/// What is asked of one label of a node.
struct LabelRule {
  std::string key;
  bool in = true;  ///< false: none of `values`; a node without the label fulfils that
  std::vector<std::string> values;
  auto operator<=>(const LabelRule&) const = default;
};
/// All rules must hold; none: any node.
using LabelSelector = std::vector<LabelRule>;

/// What must fit on one node (Ray calls the amounts a bundle).
struct ResourceRequest {
  Resources bundle;
  std::vector<LabelSelector> selectors;  ///< alternatives, the preferred first; none: any node
  auto operator<=>(const ResourceRequest&) const = default;
};

/// Equal requests, each of which needs a place of its own.
struct Demand {
  ResourceRequest request;
  std::int64_t count = 1;
  auto operator<=>(const Demand&) const = default;
};

/// How a placement group's bundles may be spread over nodes (Ray's strategies).
enum class GangStrategy { kPack, kSpread, kStrictPack, kStrictSpread };

/// A placement group that waits: all of its bundles get a place, or none does.
struct Gang {
  std::string id;
  GangStrategy strategy = GangStrategy::kPack;
  std::vector<ResourceRequest> bundles;
  auto operator<=>(const Gang&) const = default;
};

/// What a Ray cluster waits for, as GCS says.
struct Load {
  std::vector<Demand> demands;  ///< tasks and actors
  std::vector<Gang> gangs;
  std::vector<Demand> asked;  ///< request_resources(): to fit into the totals of the cluster
  std::int64_t version = 0;   ///< of GCS, rises with each read
  bool operator==(const Load&) const = default;
};

}  // namespace rayctl
