#include "cli/access/kubernetes_pods.h"

#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/access/kube_target.h"
#include "cli/access/kubectl.h"
#include "cli/access/pod_access.h"
#include "cli/access/ssh_access.h"
#include "cli/environment.h"
#include "model/json_text.h"
#include "providers/kubernetes/kubernetes_provider.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

/// Runs a credential plugin.
Result<std::string> run_plugin_program(const std::vector<std::string>& argv,
                                       const kubernetes::Environment& env, Time deadline) {
  LocalRunner runner(LocalRunnerSettings{.home = home_directory(), .env = env});
  Result<CommandOutput> ran = runner.run({.argv = argv, .plain = true}, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return std::move(ran->out);
  Error error = permanent(ErrorCode::kCredentials,
                          argv.front() + " ended with status " + std::to_string(ran->exit_code));
  error.context = last_lines(ran->err, 3);
  return error;
}

}  // namespace

Result<ProviderParts> make_kubernetes_pods(const ProviderSetting& setting) {
  const Config& config = setting.config;
  const kubernetes::Environment env = whole_environment();
  const std::string written = text_in(config.provider_settings, "context");
  Result<kubernetes::Target> target =
      find_kube_target(env, setting.context.empty() ? written : setting.context);
  if (!target) return target.error();
  const bool in_cluster = target->context.empty();
  const std::vector<std::string> kubectl = kubectl_for(*target);
  const std::shared_ptr<kubernetes::Api> api = kubernetes::make_api({.target = *std::move(target),
                                                                     .env = env,
                                                                     .run = run_plugin_program,
                                                                     .clock = &setting.clock});
  const std::string space = kubernetes::space_of(config);
  auto access = std::make_unique<PodAccess>(PodAccessSettings{
      .api = api,
      .clock = &setting.clock,
      .space = space,
      .in_cluster = in_cluster,
      .kubectl = kubectl,
      .shell = config.rayctl.ssh.login_shell ? ShellKind::kLogin : ShellKind::kPlain,
      .gcs_port = number_in_commands(config.head_start_ray_commands, "--port", 6379),
      .dashboard_port =
          number_in_commands(config.head_start_ray_commands, "--dashboard-port", 8265)});
  return ProviderParts{.provider = kubernetes::make_kubernetes({.config = config,
                                                                .clock = setting.clock,
                                                                .api = api,
                                                                .space = space,
                                                                .in_cluster = in_cluster}),
                       .access = std::move(access),
                       .desk = nullptr,
                       .by_ssh = false};
}

}  // namespace rayctl
