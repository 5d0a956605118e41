#include "cli/access/contain.h"

#include <utility>

#include "base/text.h"
#include "model/json_text.h"
#include "model/tags.h"

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

std::optional<ContainerPlace> container_of(const Config& config, const CloudNode& node) {
  const Json* docker = docker_of(config, node);
  const std::string name = docker == nullptr ? "" : text_in(*docker, "container_name");
  if (!has_container(node) || name.empty()) return std::nullopt;
  return ContainerPlace{.program = docker->value("use_podman", false) ? "podman" : "docker",
                        .name = name,
                        .login_shell = config.rayctl.ssh.login_shell};
}

std::string line_in_container(const ContainerPlace& place, const std::string& line, bool tty) {
  std::string command = place.program + (tty ? " exec -it " : " exec -i ");
  command += shell_quote(place.name) + " /bin/bash --login -i";
  return line.empty() ? command : command + " -c " + shell_quote(line);
}

Contain in_containers(const Config& config) {
  return
      [&config](const CloudNode& node,
                std::unique_ptr<CommandRunner> machine) -> Result<std::unique_ptr<CommandRunner>> {
        std::optional<ContainerPlace> place = container_of(config, node);
        if (!place) return machine;
        return std::unique_ptr<CommandRunner>(
            std::make_unique<DockerRunner>(std::move(machine), *std::move(place)));
      };
}

}  // namespace rayctl
