#include "cli/access/aws_machines.h"

#include <array>
#include <utility>

#include "base/files.h"
#include "cli/access/contain.h"
#include "cli/access/ssh_access.h"
#include "cli/access/state_host_keys.h"
#include "cli/run.h"
#include "cli/secrets.h"
#include "cli/section.h"
#include "providers/aws/aws_provider.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

/// What AWS's own tools read, and the proxies that everybody reads.
constexpr std::array kVariables = {
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "ALL_PROXY",
    "PATH",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
};

std::map<std::string, std::string> environment(const Io& io) {
  std::map<std::string, std::string> env{{"HOME", home_directory()}};
  for (const char* name : kVariables) {
    if (std::optional<std::string> value = io.env(name)) env[name] = *std::move(value);
  }
  return env;
}

/// Runs a program of the user's, as credential_process asks for.
Result<std::string> run_program(const std::vector<std::string>& argv,
                                const std::map<std::string, std::string>& env, Time deadline) {
  LocalRunner runner(LocalRunnerSettings{.home = home_directory(), .env = env});
  Result<CommandOutput> ran = runner.run({.argv = argv}, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return std::move(ran->out);
  return permanent(ErrorCode::kCredentials,
                   argv.front() + " ended with status " + std::to_string(ran->exit_code));
}

/// Puts the values of secret:// references into provider.aws_credentials.
Result<> reveal_credentials(Config& config, const Io& io) {
  const auto section = config.provider_settings.find("aws_credentials");
  if (section == config.provider_settings.end() || !section->is_object()) return {};
  for (Json& value : *section) {
    if (!value.is_string() || !value.get<std::string>().starts_with("secret://")) continue;
    Result<std::string> secret = resolve_secret(io, value.get<std::string>());
    if (!secret) return in_context(secret.error(), "provider.aws_credentials");
    value = *std::move(secret);
  }
  return {};
}

/// The key that is recorded with the cluster's key pair.
std::string recorded_key(StateStore& store) {
  Result<Snapshot> snapshot = store.load();
  if (!snapshot) return "";
  const auto record = snapshot->resources.find({"key-pair"});
  return record == snapshot->resources.end()
             ? ""
             : home_directory() + "/.ssh/" + record->second.title + ".pem";
}

}  // namespace

Result<ProviderParts> make_aws_machines(const ProviderSetting& setting) {
  const Config& config = setting.config;
  const std::map<std::string, std::string> env = environment(setting.io);
  Config with_secrets = config;
  if (Result<> revealed = reveal_credentials(with_secrets, setting.io); !revealed) {
    return revealed.error();
  }
  Result<aws::AwsParts> parts =
      aws::make_aws({.config = std::move(with_secrets),
                     .clock = setting.clock,
                     .env = env,
                     .home = home_directory(),
                     .who = user_at_host(),
                     .cache = setting.state_root,
                     .run = [env](const std::vector<std::string>& argv, Time deadline) {
                       return run_program(argv, env, deadline);
                     }});
  if (!parts) return parts.error();

  SshLogins logins = ssh_logins(config, setting.io);
  if (text_in(config.auth, "ssh_private_key").empty()) {
    logins.made_key = [&store = setting.store, of_run = parts->key_file] {
      std::string key = of_run();
      return key.empty() ? recorded_key(store) : key;
    };
  }
  const bool internal = config.provider_settings.value("use_internal_ips", false);
  const bool jump = config.rayctl.ssh.jump_through_head;
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
  *head = [provider = parts->provider.get(), cluster = config.cluster, target,
           &clock = setting.clock]() -> Result<SshTarget> {
    Result<std::vector<CloudNode>> nodes = provider->list(cluster, clock.now() + Millis{30'000});
    if (!nodes) return nodes.error();
    for (const CloudNode& node : *nodes) {
      if (node.head && node.power == Power::kRunning) return target(node);
    }
    return permanent(ErrorCode::kNoSuchNode, "no head runs to reach workers through");
  };
  auto access = std::make_unique<SshAccess>(SshAccessSettings{
      .pool = pool,
      .target = target,
      .contain = in_containers(config),
      .shell = config.rayctl.ssh.login_shell ? ShellKind::kLogin : ShellKind::kPlain,
      .gcs_port = port_in_commands(config.head_start_ray_commands, "--port", 6379),
      .dashboard_port =
          port_in_commands(config.head_start_ray_commands, "--dashboard-port", 8265)});
  return ProviderParts{std::move(parts->provider), std::move(access), std::move(parts->desk)};
}

}  // namespace rayctl
