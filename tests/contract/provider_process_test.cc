#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include "base/files.h"
#include "providers/process/process_provider.h"
#include "providers/process/supervisor.h"
#include "tests/contract/provider_contract.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

// The supervisor is this program itself, called with one word more.
constexpr char kSupervisorWord[] = "--node-supervisor";
const bool kIsTest = [] {
  std::ifstream words("/proc/self/cmdline");
  std::string program, word, folder;
  std::getline(words, program, '\0');
  std::getline(words, word, '\0');
  std::getline(words, folder, '\0');
  if (word == kSupervisorWord) std::_Exit(process::run_supervisor(folder));
  return true;
}();

process::ProcessSettings settings(const std::filesystem::path& root) {
  process::ProcessSettings made;
  made.root = root;
  made.supervisor_argv = {std::filesystem::read_symlink("/proc/self/exe").string(),
                          kSupervisorWord};
  made.make_runner = [](const std::string& home, const std::map<std::string, std::string>& env,
                        bool confined) {
    return std::make_unique<LocalRunner>(LocalRunnerSettings{home, env, confined});
  };
  return made;
}

ProviderUnderTest process_provider() {
  EXPECT_TRUE(kIsTest);
  std::string pattern = testing::TempDir() + "nodes-XXXXXX";
  const std::filesystem::path root = ::mkdtemp(pattern.data());
  const auto again = [root] { return make_process_provider(settings(root)).provider; };
  return {again(), again,
          std::shared_ptr<void>(nullptr, [root](void*) { std::filesystem::remove_all(root); })};
}

INSTANTIATE_TEST_SUITE_P(Process, ProviderContract,
                         testing::Values(ProviderFactory(process_provider)));

}  // namespace
}  // namespace rayctl
