#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/config.h"
#include "providers/provider.h"
#include "providers/python/bridge.h"
#include "providers/python/kept_tags.h"

namespace rayctl::python {

/// Machines of a Python NodeProvider class of Ray's interface (ray/autoscaler/node_provider.py).
/// A class's list may lag; launches are made one after the other, so that what is new in the list
/// is what a launch made, also where the class keeps no tags.
class PythonProvider final : public Provider {
 public:
  /// `types`: the node types of the cluster's file.
  PythonProvider(std::shared_ptr<Bridge> bridge, std::unique_ptr<TagShelf> shelf,
                 std::string writer, std::vector<NodeTypeConfig> types, Clock& clock,
                 std::function<void(const std::string&)> warn);

  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline) override;
  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline) override;
  Result<> set_tags(const CloudId& id, const Tags& tags, Time deadline) override;
  Result<> terminate(const CloudId& id, Time deadline) override;
  Result<std::vector<std::map<std::string, double>>> machine_resources(
      const std::vector<Json>& node_configs, Time deadline) override;

 private:
  std::string class_name(Time deadline);
  /// The cluster that a machine was last listed in.
  ClusterName cluster_of(const CloudId& id);

  const std::shared_ptr<Bridge> bridge_;
  const std::unique_ptr<TagShelf> shelf_;
  KeptTags tags_;
  const std::vector<NodeTypeConfig> types_;
  Clock& clock_;
  std::mutex launching_;
  bool narrow_ = false;  ///< the class refuses tags for their form
  std::mutex mutex_;
  ClusterName last_;
  std::map<CloudId, ClusterName> seen_;
};

}  // namespace rayctl::python
