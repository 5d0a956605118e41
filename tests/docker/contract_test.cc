#include "tests/contract/command_runner_contract.h"
#include "tests/docker/machine.h"
#include "transport/docker_runner.h"

namespace rayctl {
namespace {

RunnerUnderTest in_container(bool login_shell) {
  auto machine = std::make_shared<DockerMachine>();
  const std::filesystem::path home = machine->home / "inside";
  std::filesystem::create_directory(home);
  machine->sh("docker run -d -i -t --name " + machine->name + " --net=host -e HOME=" +
              home.string() + " -v " + home.string() + ":" + home.string() + " rayctl-test:1 bash");
  auto runner = std::make_unique<DockerRunner>(
      machine->runner(), ContainerPlace{.name = machine->name, .login_shell = login_shell});
  return {std::move(runner), home, machine};
}

const auto kRunners = testing::Values(RunnerFactory([] { return in_container(false); }),
                                      RunnerFactory([] { return in_container(true); }));
std::string shell_name(const testing::TestParamInfo<RunnerFactory>& tested) {
  return tested.index == 0 ? "PlainShell" : "LoginShell";
}

INSTANTIATE_TEST_SUITE_P(Docker, CommandRunnerContract, kRunners, shell_name);
INSTANTIATE_TEST_SUITE_P(Docker, DetachedOpContract, kRunners, shell_name);

}  // namespace
}  // namespace rayctl
