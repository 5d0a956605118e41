#include "cli/access/class_access.h"

#include <utility>

#include "providers/python/bridge_runner.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};

std::string at(const CloudNode& node, int port) {
  return node.internal_ip + ":" + std::to_string(port);
}

}  // namespace

ClassAccess::ClassAccess(std::shared_ptr<python::Bridge> bridge, ClusterName cluster,
                         std::unique_ptr<NodeAccess> ssh, Clock& clock, int gcs_port,
                         int dashboard_port)
    : bridge_(std::move(bridge)),
      cluster_(std::move(cluster)),
      ssh_(std::move(ssh)),
      clock_(clock),
      gcs_port_(gcs_port),
      dashboard_port_(dashboard_port) {}

Result<bool> ClassAccess::own(const CloudNode& node) {
  const Time deadline = clock_.now() + kCall;
  Result<python::ClassFacts> facts = bridge_->facts(deadline);
  if (!facts) return facts.error();
  if (!facts->own.contains("get_command_runner")) return false;
  {
    const std::lock_guard guard(mutex_);
    if (const auto known = own_.find(node.id); known != own_.end()) return known->second;
  }
  Result<Json> answer = bridge_->ask("runner", cluster_, {{"node", node.id.text}}, deadline);
  if (!answer) return answer.error();
  const bool own = answer->value("own", false);
  const std::lock_guard guard(mutex_);
  own_[node.id] = own;
  return own;
}

Result<std::unique_ptr<CommandRunner>> ClassAccess::runner(const CloudNode& node) {
  Result<bool> own_runner = own(node);
  if (!own_runner) return own_runner.error();
  if (!*own_runner) return ssh_->runner(node);
  return std::unique_ptr<CommandRunner>(
      std::make_unique<python::BridgeRunner>(bridge_, cluster_, node.id));
}

Result<std::unique_ptr<CommandRunner>> ClassAccess::machine_runner(const CloudNode& node) {
  Result<bool> own_runner = own(node);
  if (!own_runner) return own_runner.error();
  return *own_runner ? runner(node) : ssh_->machine_runner(node);
}

Result<Command> ClassAccess::start_command(const CloudNode& node, const NodeSpec& spec,
                                           const CloudNode* head) {
  return ssh_->start_command(node, spec, head);
}

Result<std::string> ClassAccess::gcs_endpoint(const CloudNode& head) {
  Result<bool> own_runner = own(head);
  if (!own_runner) return own_runner.error();
  return *own_runner ? at(head, gcs_port_) : ssh_->gcs_endpoint(head);
}

Result<std::string> ClassAccess::gcs_on_nodes(const CloudNode& head) {
  return ssh_->gcs_on_nodes(head);
}

Result<std::string> ClassAccess::dashboard_url(const CloudNode& head) {
  Result<bool> own_runner = own(head);
  if (!own_runner) return own_runner.error();
  return *own_runner ? "http://" + at(head, dashboard_port_) : ssh_->dashboard_url(head);
}

Result<std::unique_ptr<PortForward>> ClassAccess::forward(const CloudNode& node, int port,
                                                          int local_port) {
  Result<bool> own_runner = own(node);
  if (!own_runner) return own_runner.error();
  return *own_runner ? NodeAccess::forward(node, port, local_port)
                     : ssh_->forward(node, port, local_port);
}

Result<std::vector<std::string>> ClassAccess::terminal(const CloudNode& node,
                                                       const Terminal& wanted) {
  Result<bool> own_runner = own(node);
  if (!own_runner) return own_runner.error();
  if (!*own_runner) return ssh_->terminal(node, wanted);
  if (!wanted.line.empty() || !wanted.forwards.empty()) return NodeAccess::terminal(node, wanted);
  Result<Json> shell =
      bridge_->ask("shell", cluster_, {{"node", node.id.text}}, clock_.now() + kCall);
  if (!shell) return shell.error();
  return std::vector<std::string>{"sh", "-c", shell->value("command", "")};
}

}  // namespace rayctl
