#include <unistd.h>

#include <cstdlib>

#include "tests/contract/command_runner_contract.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

RunnerUnderTest local() {
  std::string pattern = testing::TempDir() + "runner-XXXXXX";
  const std::filesystem::path home = ::mkdtemp(pattern.data());
  LocalRunnerSettings settings;
  settings.home = home.string();
  settings.env = {{"PATH", std::getenv("PATH")}};
  return {std::make_unique<LocalRunner>(settings), home,
          std::shared_ptr<void>(nullptr, [home](void*) { std::filesystem::remove_all(home); })};
}

INSTANTIATE_TEST_SUITE_P(Local, CommandRunnerContract, testing::Values(RunnerFactory(local)));
INSTANTIATE_TEST_SUITE_P(Local, DetachedOpContract, testing::Values(RunnerFactory(local)));
INSTANTIATE_TEST_SUITE_P(Local, SharedFileContract, testing::Values(RunnerFactory(local)));

}  // namespace
}  // namespace rayctl
