#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cli/access/ssh_pool.h"
#include "providers/provider.h"
#include "transport/ssh/ssh_forward.h"

namespace rayctl {

/// Puts a node's commands into its container, if it has one.
using Contain = std::function<Result<std::unique_ptr<CommandRunner>>(
    const CloudNode& node, std::unique_ptr<CommandRunner> machine)>;

struct SshAccessSettings {
  std::shared_ptr<SshPool> pool;
  /// Where a machine is dialled.
  std::function<SshTarget(const CloudNode& node)> target;
  Contain contain;  ///< may be empty
  ShellKind shell = ShellKind::kLogin;
  int gcs_port = 6379;  ///< of head_start_ray_commands
  int dashboard_port = 8265;
};

/// The number that an option such as "--port" of the commands' `ray start` names, else `otherwise`.
int number_in_commands(const std::vector<std::string>& commands, const std::string& option,
                       int otherwise);

/// How to work on machines over SSH: private hosts, and every cloud. One connection per machine
/// carries commands, files and forwards. Thread-safe.
class SshAccess final : public NodeAccess {
 public:
  explicit SshAccess(SshAccessSettings settings);

  Result<std::unique_ptr<CommandRunner>> runner(const CloudNode& node) override;
  Result<std::unique_ptr<CommandRunner>> machine_runner(const CloudNode& node) override;
  ShellKind shell() const override { return settings_.shell; }
  Result<Command> start_command(const CloudNode& node, const NodeSpec& spec,
                                const CloudNode* head) override;
  Result<std::string> gcs_endpoint(const CloudNode& head) override;
  Result<std::string> gcs_on_nodes(const CloudNode& head) override;
  Result<std::string> dashboard_url(const CloudNode& head) override;
  Result<std::unique_ptr<PortForward>> forward(const CloudNode& node, int port,
                                               int local_port) override;
  /// The system's `ssh`, held to the key that is pinned for the node; ~/.ssh/config applies beside.
  Result<std::vector<std::string>> terminal(const CloudNode& node, const Terminal& wanted) override;

 private:
  Result<int> kept_forward(const CloudNode& node, int port);

  const SshAccessSettings settings_;
  std::mutex mutex_;
  /// Forwards that live as long as the program, by machine and port.
  std::map<std::pair<std::string, int>, std::unique_ptr<PortForward>> forwards_;
};

}  // namespace rayctl
