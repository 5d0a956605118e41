#include "cli/providers.h"

#include <system_error>

#include "base/text.h"
#include "cli/access/aws_machines.h"
#include "cli/access/gcp_machines.h"
#include "cli/access/kubernetes_pods.h"
#include "cli/access/private_hosts.h"
#include "cli/access/python_class.h"
#include "model/json_text.h"
#include "providers/process/process_provider.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

Result<ProviderParts> make_process(const ProviderSetting& setting) {
  process::ProcessSettings settings{
      .root = text_in(setting.config.provider_settings, "root"),
      .ray = text_in(setting.config.provider_settings, "ray"),
      .supervisor_argv = {setting.program, "node-supervisor"},
      .make_runner = [](const std::string& home, const std::map<std::string, std::string>& env,
                        bool confined) -> std::unique_ptr<CommandRunner> {
        return std::make_unique<LocalRunner>(
            LocalRunnerSettings{.home = home, .env = env, .confined = confined});
      }};
  if (settings.root.empty()) settings.root = setting.state_root / "nodes";
  process::ProcessParts parts = process::make_process_provider(std::move(settings));
  return ProviderParts{std::move(parts.provider), std::move(parts.access), nullptr};
}

ProviderRegistry make_registry() {
  ProviderRegistry registry;
  registry.add("process", make_process);
  registry.add("local", make_private_hosts);
  registry.add("aws", make_aws_machines);
  registry.add("gcp", make_gcp_machines);
  registry.add("kubernetes", make_kubernetes_pods);
  for (const char* type : class_types())
    registry.add(type, make_python_class);
  return registry;
}

}  // namespace

Result<ProviderParts> ProviderRegistry::make(const ProviderName& type,
                                             const ProviderSetting& setting) const {
  auto maker = makers_.find(type.text);
  if (maker != makers_.end()) return maker->second(setting);
  return permanent(
      ErrorCode::kNotSupported,
      "provider `" + type.text + "` is not in this program; it has: " + join(types(), ", "));
}

std::vector<std::string> ProviderRegistry::types() const {
  std::vector<std::string> types;
  for (const auto& [type, maker] : makers_)
    types.push_back(type);
  return types;
}

const ProviderRegistry& builtin_providers() {
  static const ProviderRegistry kRegistry = make_registry();
  return kRegistry;
}

}  // namespace rayctl
