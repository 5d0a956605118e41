#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "providers/provider.h"
#include "providers/python/bridge.h"

namespace rayctl {

/// The way to the machines of a provider class: by the class's own command runner where it has one
/// for a node, else over SSH, which also opens whatever a command runner cannot.
class ClassAccess final : public NodeAccess {
 public:
  /// `gcs_port`, `dashboard_port`: where Ray's head listens.
  ClassAccess(std::shared_ptr<python::Bridge> bridge, ClusterName cluster,
              std::unique_ptr<NodeAccess> ssh, Clock& clock, int gcs_port, int dashboard_port);

  Result<std::unique_ptr<CommandRunner>> runner(const CloudNode& node) override;
  Result<std::unique_ptr<CommandRunner>> machine_runner(const CloudNode& node) override;
  ShellKind shell() const override { return ssh_->shell(); }
  Result<Command> start_command(const CloudNode& node, const NodeSpec& spec,
                                const CloudNode* head) override;
  Result<std::string> gcs_endpoint(const CloudNode& head) override;
  Result<std::string> gcs_on_nodes(const CloudNode& head) override;
  Result<std::string> dashboard_url(const CloudNode& head) override;
  Result<std::unique_ptr<PortForward>> forward(const CloudNode& node, int port,
                                               int local_port) override;
  Result<std::vector<std::string>> terminal(const CloudNode& node, const Terminal& wanted) override;

 private:
  /// Whether the class has a command runner of its own for the node; asked once for each.
  Result<bool> own(const CloudNode& node);

  const std::shared_ptr<python::Bridge> bridge_;
  const ClusterName cluster_;
  const std::unique_ptr<NodeAccess> ssh_;
  Clock& clock_;
  const int gcs_port_, dashboard_port_;
  std::mutex mutex_;
  std::map<CloudId, bool> own_;
};

}  // namespace rayctl
