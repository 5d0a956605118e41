#include "cli/access/contain.h"

#include <utility>

#include "model/tags.h"
#include "transport/docker_runner.h"

namespace rayctl {
namespace {

const Json* docker_of(const Config& config, const CloudNode& node) {
  if (node.head || !node.type) return &config.docker;
  const NodeTypeConfig* type = config.find(*node.type);
  return type == nullptr ? nullptr : &type->docker;
}

}  // namespace

bool has_container(const CloudNode& node) {
  const auto applied = node.tags.find(kTagApplied);
  return applied != node.tags.end() && !decode_digests(applied->second).docker.empty();
}

Contain in_containers(const Config& config) {
  return
      [&config](const CloudNode& node,
                std::unique_ptr<CommandRunner> machine) -> Result<std::unique_ptr<CommandRunner>> {
        const Json* docker = docker_of(config, node);
        const std::string name = docker == nullptr ? "" : docker->value("container_name", "");
        if (!has_container(node) || name.empty()) return machine;
        ContainerPlace place{.program = docker->value("use_podman", false) ? "podman" : "docker",
                             .name = name,
                             .login_shell = config.rayctl.ssh.login_shell};
        return std::unique_ptr<CommandRunner>(
            std::make_unique<DockerRunner>(std::move(machine), std::move(place)));
      };
}

}  // namespace rayctl
