#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/pipeline.h"
#include "model/json.h"

namespace rayctl {

/// One node as a person sees it: record, machine and Ray's view put side by side.
struct NodeOverview {
  NodeName name;  ///< "" for a machine of ours that has no name yet
  NodeTypeName type;
  bool head = false;
  CloudId id;
  std::string ip;
  std::optional<Power> power;  ///< nullopt: it could not be seen
  std::optional<Phase> phase;  ///< nullopt: no record knows it
  std::string failure;
  std::string ray;  ///< "alive", "draining", "dead", "absent", "running" (no Ray), "unknown"
  bool idle = false;
  Millis idle_for{0};
  std::map<std::string, double> total, available;
  std::vector<std::string> activity;
  bool operator==(const NodeOverview&) const = default;
};

/// Every node that is recorded or seen, the head first, then by name. Pure.
std::vector<NodeOverview> overview(const Looked& looked);
Json to_json(const NodeOverview& node);

/// The head's machine; kNoSuchNode if none runs, the provider's own error if it cannot be listed,
/// kConnectionLost if the head that is named does not answer.
Result<CloudNode> running_head(Cluster& cluster, const Looked& looked);

}  // namespace rayctl
