#include "cli/access/cloud_machines.h"

#include <array>
#include <utility>

#include "base/files.h"
#include "cli/access/contain.h"
#include "cli/access/ssh_access.h"
#include "cli/access/state_host_keys.h"
#include "cli/run.h"
#include "cli/secrets.h"
#include "model/json_text.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

constexpr std::array kEverybodys = {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY",  "NO_PROXY", "PATH",
                                    "all_proxy", "http_proxy",  "https_proxy", "no_proxy"};

/// The name of the key pair that is recorded; "" if none is.
std::string recorded_key_pair(StateStore& store) {
  const Result<Snapshot> snapshot = store.load();
  if (!snapshot) return "";
  const auto record = snapshot->resources.find({"key-pair"});
  return record == snapshot->resources.end() ? "" : record->second.title;
}

}  // namespace

std::map<std::string, std::string> cloud_environment(const Io& io,
                                                     std::span<const char* const> names) {
  std::map<std::string, std::string> env{{"HOME", home_directory()}};
  const auto take = [&](const char* name) {
    if (std::optional<std::string> value = io.env(name)) env[name] = *std::move(value);
  };
  for (const char* name : kEverybodys)
    take(name);
  for (const char* name : names)
    take(name);
  return env;
}

Result<std::string> run_credential_program(const std::vector<std::string>& argv,
                                           const std::map<std::string, std::string>& env,
                                           Time deadline) {
  LocalRunner runner(LocalRunnerSettings{.home = home_directory(), .env = env});
  Result<CommandOutput> ran = runner.run({.argv = argv}, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return std::move(ran->out);
  return permanent(ErrorCode::kCredentials,
                   argv.front() + " ended with status " + std::to_string(ran->exit_code));
}

Result<> reveal_secrets(Config& config, const std::string& section, const Io& io) {
  const auto found = config.provider_settings.find(section);
  if (found == config.provider_settings.end() || !found->is_object()) return {};
  for (Json& value : *found) {
    if (!value.is_string() || !value.get<std::string>().starts_with("secret://")) continue;
    Result<std::string> secret = resolve_secret(io, value.get<std::string>());
    if (!secret) return in_context(secret.error(), "provider." + section);
    value = *std::move(secret);
  }
  return {};
}

std::unique_ptr<NodeAccess> cloud_access(
    const ProviderSetting& setting, Provider& provider, std::function<std::string()> made_key,
    std::function<std::string(const std::string& name)> key_of) {
  const Config& config = setting.config;
  SshLogins logins = ssh_logins(config, setting.io);
  if (text_in(config.auth, "ssh_private_key").empty()) {
    logins.made_key = [&store = setting.store, of_run = std::move(made_key),
                       of = std::move(key_of)]() -> std::string {
      if (std::string key = of_run(); !key.empty()) return key;
      const std::string name = recorded_key_pair(store);
      return name.empty() ? "" : of(name);
    };
  }
  const bool inside = on_head(setting.io);
  const bool internal = inside || config.provider_settings.value("use_internal_ips", false);
  const bool jump = !inside && config.rayctl.ssh.jump_through_head;
  const auto target = [internal, jump](const CloudNode& node) {
    const bool outside = !internal && !node.external_ip.empty() && (node.head || !jump);
    return SshTarget{.node = node.id.text,
                     .address = outside ? node.external_ip : node.internal_ip,
                     .through_head = jump && !node.head};
  };
  const auto head = std::make_shared<std::function<Result<SshTarget>()>>();
  const auto pool =
      std::make_shared<SshPool>(std::move(logins), std::make_shared<StateHostKeys>(setting.store),
                                [head]() -> Result<SshTarget> { return (*head)(); });
  *head = [provider = &provider, cluster = config.cluster, target,
           &clock = setting.clock]() -> Result<SshTarget> {
    Result<std::vector<CloudNode>> nodes = provider->list(cluster, clock.now() + Millis{30'000});
    if (!nodes) return nodes.error();
    for (const CloudNode& node : *nodes) {
      if (node.head && node.power == Power::kRunning) return target(node);
    }
    return permanent(ErrorCode::kNoSuchNode, "no head runs to reach workers through");
  };
  return std::make_unique<SshAccess>(SshAccessSettings{
      .pool = pool,
      .target = target,
      .contain = in_containers(config),
      .shell = config.rayctl.ssh.login_shell ? ShellKind::kLogin : ShellKind::kPlain,
      .gcs_port = number_in_commands(config.head_start_ray_commands, "--port", 6379),
      .dashboard_port =
          number_in_commands(config.head_start_ray_commands, "--dashboard-port", 8265)});
}

}  // namespace rayctl
