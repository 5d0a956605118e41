#pragma once
#include <memory>

#include "providers/process/node_root.h"
#include "providers/process/settings.h"
#include "providers/provider.h"

namespace rayctl::process {

/// Nodes as groups of processes on this machine, each with a folder that is its HOME. A machine is
/// alive while its supervisor holds the folder's lock, whoever started it; the list reads the
/// folders. One whose supervisor was killed is kStopped, with its processes perhaps still running:
/// terminate() ends them. See README.md. Thread-safe.
class ProcessProvider final : public Provider {
 public:
  ProcessProvider(ProcessSettings settings, std::shared_ptr<NodeRoot> root);

  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline) override;
  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline) override;
  Result<> set_tags(const CloudId& id, const Tags& tags, Time deadline) override;
  Result<> terminate(const CloudId& id, Time deadline) override;

 private:
  using Birth = NodeRoot::Made;
  Result<std::vector<NodeFolder>> of_token(const LaunchRequest& request) const;
  Result<std::vector<Birth>> prepare(const LaunchRequest& request, Time deadline);
  Result<> bear(const NodeFolder& folder, Time deadline) const;

  ProcessSettings settings_;
  std::shared_ptr<NodeRoot> root_;
};

/// How to work on those machines. Thread-safe.
class ProcessAccess final : public NodeAccess {
 public:
  ProcessAccess(ProcessSettings settings, std::shared_ptr<NodeRoot> root);

  Result<std::unique_ptr<CommandRunner>> runner(const CloudNode& node) override;
  Result<Command> start_command(const CloudNode& node, const NodeSpec& spec,
                                const CloudNode* head) override;
  Result<std::string> gcs_endpoint(const CloudNode& head) override;
  Result<std::string> dashboard_url(const CloudNode& head) override;
  /// A bash in the node's home with the node's environment, which it reads from a file there:
  /// values may be secrets. Forwards are left out, the node's ports being this machine's.
  Result<std::vector<std::string>> terminal(const CloudNode& node, const Terminal& wanted) override;

 private:
  Result<NodeFacts> facts_of(const CloudNode& node) const;

  ProcessSettings settings_;
  std::shared_ptr<NodeRoot> root_;
};

struct ProcessParts {
  std::unique_ptr<Provider> provider;
  std::unique_ptr<NodeAccess> access;
};
ProcessParts make_process_provider(ProcessSettings settings);

}  // namespace rayctl::process
