#include "tests/contract/file_sync_contract.h"
#include "tests/transport_ssh/lab.h"

namespace rayctl {
namespace {

RunnerUnderTest over_ssh(bool login_shell) {
  const std::filesystem::path home = lab::folder() / "n1" / "seen";
  for (const auto& entry : std::filesystem::directory_iterator(home)) {
    if (entry.path().filename() != ".profile") std::filesystem::remove_all(entry.path());
  }
  SshSettings settings = lab::settings("n1", "seen");
  settings.login_shell = login_shell;
  const auto connection =
      std::make_shared<SshConnection>(settings, std::make_shared<MemoryHostKeys>());
  return {std::make_unique<SshRunner>(connection), home, nullptr};
}

const auto kRunners = testing::Values(RunnerFactory([] { return over_ssh(false); }),
                                      RunnerFactory([] { return over_ssh(true); }));
std::string shell_name(const testing::TestParamInfo<RunnerFactory>& tested) {
  return tested.index == 0 ? "PlainShell" : "LoginShell";
}

INSTANTIATE_TEST_SUITE_P(Ssh, CommandRunnerContract, kRunners, shell_name);
INSTANTIATE_TEST_SUITE_P(Ssh, DetachedOpContract, kRunners, shell_name);
INSTANTIATE_TEST_SUITE_P(Ssh, SharedFileContract, kRunners, shell_name);
INSTANTIATE_TEST_SUITE_P(Ssh, FileSyncContract, kRunners, shell_name);

}  // namespace
}  // namespace rayctl
