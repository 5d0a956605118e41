#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "providers/kubernetes/api.h"
#include "providers/kubernetes/pod_exec.h"
#include "providers/provider.h"
#include "transport/command_runner.h"

namespace rayctl {

struct PodAccessSettings {
  std::shared_ptr<kubernetes::Api> api;
  Clock* clock = nullptr;
  std::string space;        ///< the namespace of the pods
  bool in_cluster = false;  ///< pods are reached by their addresses
  /// kubectl and the options that make it take the same API server as we do.
  std::vector<std::string> kubectl;
  ShellKind shell = ShellKind::kLogin;
  int gcs_port = 6379;  ///< of head_start_ray_commands
  int dashboard_port = 8265;
};

/// How to work on pods: commands and files by Kubernetes' exec, ports by its port-forward, both on
/// our own connection; the user's terminal by kubectl. Thread-safe.
class PodAccess final : public NodeAccess {
 public:
  explicit PodAccess(PodAccessSettings settings);
  ~PodAccess() override;

  Result<std::unique_ptr<CommandRunner>> runner(const CloudNode& node) override;
  ShellKind shell() const override { return settings_.shell; }
  Result<Command> start_command(const CloudNode& node, const NodeSpec& spec,
                                const CloudNode* head) override;
  Result<std::string> gcs_endpoint(const CloudNode& head) override;
  Result<std::string> gcs_on_nodes(const CloudNode& head) override;
  Result<std::string> dashboard_url(const CloudNode& head) override;
  Result<std::unique_ptr<PortForward>> forward(const CloudNode& node, int port,
                                               int local_port) override;
  /// The forwards that are wanted live as long as this does. kNotSupported without kubectl.
  Result<std::vector<std::string>> terminal(const CloudNode& node, const Terminal& wanted) override;

 private:
  kubernetes::PodPlace place(const CloudNode& node) const;
  Result<std::string> endpoint(const CloudNode& head, int port);

  const PodAccessSettings settings_;
  std::mutex mutex_;
  /// Forwards that live as long as the program, by pod and port.
  std::map<std::pair<std::string, int>, std::unique_ptr<PortForward>> forwards_;
};

}  // namespace rayctl
