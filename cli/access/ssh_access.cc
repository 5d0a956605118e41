#include "cli/access/ssh_access.h"

#include <charconv>

#include "cli/access/ssh_terminal.h"
#include "transport/shell_line.h"
#include "transport/ssh/ssh_runner.h"

namespace rayctl {
namespace {

constexpr char kLoopback[] = "127.0.0.1";

/// A forward together with what carries it.
class CarriedForward final : public PortForward {
 public:
  CarriedForward(std::shared_ptr<SshConnection> connection, std::unique_ptr<SshForward> forward)
      : connection_(std::move(connection)), forward_(std::move(forward)) {}
  int local_port() const override { return forward_->local_port(); }

 private:
  const std::shared_ptr<SshConnection> connection_;
  const std::unique_ptr<SshForward> forward_;
};

std::string endpoint(const std::string& host, int port) {
  const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

int number_in_commands(const std::vector<std::string>& commands, const std::string& option,
                       int otherwise) {
  for (const std::string& line : commands) {
    for (std::size_t at = line.find(option); at != std::string::npos;
         at = line.find(option, at + 1)) {
      const bool whole_word = at == 0 || line[at - 1] == ' ';
      std::size_t begin = at + option.size();
      if (!whole_word || begin >= line.size() || (line[begin] != '=' && line[begin] != ' ')) {
        continue;
      }
      begin = line.find_first_not_of("= \"'", begin);
      if (begin == std::string::npos) continue;
      int number = 0;
      const auto read = std::from_chars(line.data() + begin, line.data() + line.size(), number);
      if (read.ec == std::errc{} && number >= 0) return number;
    }
  }
  return otherwise;
}

SshAccess::SshAccess(SshAccessSettings settings) : settings_(std::move(settings)) {}

Result<std::unique_ptr<CommandRunner>> SshAccess::machine_runner(const CloudNode& node) {
  Result<std::shared_ptr<SshConnection>> connection =
      settings_.pool->connection(settings_.target(node));
  if (!connection) return connection.error();
  return std::unique_ptr<CommandRunner>(std::make_unique<SshRunner>(*std::move(connection)));
}

Result<std::unique_ptr<CommandRunner>> SshAccess::runner(const CloudNode& node) {
  Result<std::unique_ptr<CommandRunner>> machine = machine_runner(node);
  if (!machine || !settings_.contain) return machine;
  return settings_.contain(node, *std::move(machine));
}

Result<Command> SshAccess::start_command(const CloudNode&, const NodeSpec& spec, const CloudNode*) {
  return Command{.argv = shell_argv(settings_.shell, spec.start.commands), .plain = true};
}

Result<std::unique_ptr<PortForward>> SshAccess::forward(const CloudNode& node, int port,
                                                        int local_port) {
  Result<std::shared_ptr<SshConnection>> connection =
      settings_.pool->connection(settings_.target(node));
  if (!connection) return connection.error();
  Result<std::unique_ptr<SshForward>> opened =
      (*connection)->open_forward(kLoopback, port, local_port);
  if (!opened) return opened.error();
  return std::unique_ptr<PortForward>(
      std::make_unique<CarriedForward>(*std::move(connection), *std::move(opened)));
}

Result<int> SshAccess::kept_forward(const CloudNode& node, int port) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<PortForward>& kept = forwards_[{node.id.text, port}];
  if (!kept) {
    Result<std::unique_ptr<PortForward>> opened = forward(node, port, 0);
    if (!opened) return opened.error();
    kept = *std::move(opened);
  }
  return kept->local_port();
}

Result<std::string> SshAccess::gcs_endpoint(const CloudNode& head) {
  const Result<int> port = kept_forward(head, settings_.gcs_port);
  if (!port) return port.error();
  return endpoint(kLoopback, *port);
}

Result<std::string> SshAccess::gcs_on_nodes(const CloudNode& head) {
  return endpoint(head.internal_ip, settings_.gcs_port);
}

Result<std::string> SshAccess::dashboard_url(const CloudNode& head) {
  const Result<int> port = kept_forward(head, settings_.dashboard_port);
  if (!port) return port.error();
  return "http://" + endpoint(kLoopback, *port);
}

Result<std::vector<std::string>> SshAccess::terminal(const CloudNode& node,
                                                     const Terminal& wanted) {
  const SshTarget target = settings_.target(node);
  Result<std::shared_ptr<SshConnection>> connection = settings_.pool->connection(target);
  if (!connection) return connection.error();
  // The first login pins the key, so that ssh has something to be held to.
  const SshSettings& settings = (*connection)->settings();
  const Time deadline = SystemClock().now() + settings.connect_timeout;
  if (Result<> reached = (*connection)->connect(deadline); !reached) return reached.error();
  const std::optional<HostKey> key = settings_.pool->pinned(target);
  if (!key) return permanent(ErrorCode::kInternal, "no host key is pinned for " + target.node);
  std::optional<SshHop> jump;
  if (settings.jump) {
    const SshSettings& through = settings.jump->settings();
    const std::optional<HostKey> its = settings_.pool->pinned({.node = through.node});
    if (!its) return permanent(ErrorCode::kInternal, "no host key is pinned for " + through.node);
    jump = SshHop{through, *its};
  }
  return ssh_arguments({settings, *key}, jump ? &*jump : nullptr, wanted);
}

}  // namespace rayctl
