#include "cli/access/pod_access.h"

#include "cli/access/kubectl.h"
#include "providers/kubernetes/pod_forward.h"
#include "providers/kubernetes/pod_tags.h"
#include "transport/pod_runner.h"
#include "transport/shell_line.h"

namespace rayctl {
namespace {

constexpr char kLoopback[] = "127.0.0.1";

class CarriedForward final : public PortForward {
 public:
  explicit CarriedForward(std::unique_ptr<kubernetes::PodForward> forward)
      : forward_(std::move(forward)) {}
  int local_port() const override { return forward_->local_port(); }

 private:
  const std::unique_ptr<kubernetes::PodForward> forward_;
};

std::string at_port(const std::string& host, int port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

PodAccess::PodAccess(PodAccessSettings settings) : settings_(std::move(settings)) {}
PodAccess::~PodAccess() = default;

kubernetes::PodPlace PodAccess::place(const CloudNode& node) const {
  const auto container = node.tags.find(kubernetes::kContainerTag);
  return {.space = settings_.space,
          .pod = node.id.text,
          .container = container == node.tags.end() ? "" : container->second};
}

Result<std::unique_ptr<CommandRunner>> PodAccess::runner(const CloudNode& node) {
  // The API server would wait for its kubelet, and say as much after half a minute.
  if (!node.unseen.empty())
    return transient(ErrorCode::kConnectionLost, "pod " + node.id.text + ": " + node.unseen);
  return std::unique_ptr<CommandRunner>(std::make_unique<PodRunner>(
      kubernetes::pod_exec(*settings_.api, place(node), *settings_.clock), "pod " + node.id.text,
      settings_.shell == ShellKind::kLogin));
}

Result<Command> PodAccess::start_command(const CloudNode&, const NodeSpec& spec, const CloudNode*) {
  return Command{.argv = shell_argv(settings_.shell, spec.start.commands), .plain = true};
}

Result<std::unique_ptr<PortForward>> PodAccess::forward(const CloudNode& node, int port,
                                                        int local_port) {
  Result<std::unique_ptr<kubernetes::PodForward>> opened =
      kubernetes::PodForward::open(*settings_.api, place(node), port, *settings_.clock, local_port);
  if (!opened) return opened.error();
  return std::unique_ptr<PortForward>(std::make_unique<CarriedForward>(*std::move(opened)));
}

Result<std::string> PodAccess::endpoint(const CloudNode& head, int port) {
  if (settings_.in_cluster) return at_port(head.internal_ip, port);
  const std::lock_guard lock(mutex_);
  std::unique_ptr<PortForward>& kept = forwards_[{head.id.text, port}];
  if (!kept) {
    Result<std::unique_ptr<PortForward>> opened = forward(head, port, 0);
    if (!opened) return opened.error();
    kept = *std::move(opened);
  }
  return at_port(kLoopback, kept->local_port());
}

Result<std::string> PodAccess::gcs_endpoint(const CloudNode& head) {
  return endpoint(head, settings_.gcs_port);
}

Result<std::string> PodAccess::gcs_on_nodes(const CloudNode& head) {
  return at_port(head.internal_ip, settings_.gcs_port);
}

Result<std::string> PodAccess::dashboard_url(const CloudNode& head) {
  const Result<std::string> found = endpoint(head, settings_.dashboard_port);
  return found ? Result<std::string>("http://" + *found) : found;
}

Result<std::vector<std::string>> PodAccess::terminal(const CloudNode& node,
                                                     const Terminal& wanted) {
  if (Result<> usable = check_kubectl(settings_.kubectl.front()); !usable) return usable.error();
  for (const auto& [local, remote] : wanted.forwards) {
    Result<std::unique_ptr<PortForward>> opened = forward(node, remote, local);
    if (!opened) return opened.error();
    const std::lock_guard lock(mutex_);
    forwards_[{node.id.text + ":" + std::to_string(local), remote}] = *std::move(opened);
  }
  return kubectl_exec(settings_.kubectl, place(node), wanted);
}

}  // namespace rayctl
