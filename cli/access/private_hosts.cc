#include "cli/access/private_hosts.h"

#include <utility>

#include "applier/refresh.h"
#include "cli/access/contain.h"
#include "cli/access/empty_host.h"
#include "cli/access/ssh_access.h"
#include "cli/access/state_host_keys.h"
#include "model/json_text.h"
#include "providers/hosts/hosts_provider.h"
#include "transport/ssh/ssh_runner.h"

namespace rayctl {
namespace {

std::vector<std::string> texts_of(const Json& settings, const char* key) {
  const auto found = settings.find(key);
  return found == settings.end() ? std::vector<std::string>()
                                 : found->get<std::vector<std::string>>();
}

/// Which machine a host of the file is, and the way to it.
struct Map {
  std::string head, external_head;
  bool jump = false;

  SshTarget operator()(const std::string& host) const {
    const bool is_head = host == head;
    return {.node = host,
            .address = is_head && !external_head.empty() ? external_head : host,
            .through_head = jump && !is_head};
  }
};

std::vector<CloudNode> recorded(StateStore& store, const ProviderName& provider, Clock& clock) {
  Result<Snapshot> snapshot = store.load();
  if (!snapshot) return {};
  Observed records = assume(*snapshot, clock.now());
  const auto found = records.machines.find(provider);
  return found == records.machines.end() ? std::vector<CloudNode>() : *std::move(found->second);
}

}  // namespace

Result<ProviderParts> make_private_hosts(const ProviderSetting& setting) {
  const Config& config = setting.config;
  const Json& keys = config.provider_settings;
  if (keys.contains("coordinator_address")) {
    return permanent(ErrorCode::kNotSupported,
                     "a coordinator_address is not supported: name the machines as head_ip and "
                     "worker_ips");
  }
  const bool outside = !on_head(setting.io);
  const Map map{text_in(keys, "head_ip"), outside ? text_in(keys, "external_head_ip") : "",
                outside && config.rayctl.ssh.jump_through_head};
  const auto pool = std::make_shared<SshPool>(
      ssh_logins(config, setting.io), std::make_shared<StateHostKeys>(setting.store),
      [map]() -> Result<SshTarget> { return map(map.head); });
  auto access = std::make_unique<SshAccess>(SshAccessSettings{
      .pool = pool,
      .target = [map](const CloudNode& node) { return map(node.id.text); },
      .contain = in_containers(config),
      .shell = config.rayctl.ssh.login_shell ? ShellKind::kLogin : ShellKind::kPlain,
      .gcs_port = number_in_commands(config.head_start_ray_commands, "--port", 6379),
      .dashboard_port =
          number_in_commands(config.head_start_ray_commands, "--dashboard-port", 8265)});
  SshAccess* reach = access.get();
  hosts::HostsSettings settings{
      .head = map.head,
      .workers = texts_of(keys, "worker_ips"),
      .external_head = map.external_head,
      .runner = [pool, map](const std::string& host) -> Result<std::unique_ptr<CommandRunner>> {
        Result<std::shared_ptr<SshConnection>> connection = pool->connection(map(host));
        if (!connection) return connection.error();
        return std::unique_ptr<CommandRunner>(std::make_unique<SshRunner>(*std::move(connection)));
      },
      .recorded = [&store = setting.store, &clock = setting.clock,
                   provider = config.provider] { return recorded(store, provider, clock); },
      .empty_host = [reach, &clock = setting.clock](
                        const CloudNode& host,
                        Time deadline) { return empty_host(*reach, host, clock, deadline); }};
  return ProviderParts{std::make_unique<hosts::HostsProvider>(std::move(settings)),
                       std::move(access), nullptr};
}

}  // namespace rayctl
