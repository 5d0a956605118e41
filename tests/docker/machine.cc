#include "tests/docker/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "base/digest.h"
#include "base/text.h"
#include "transport/local_runner.h"

namespace rayctl {

DockerMachine::DockerMachine() {
  std::string pattern = testing::TempDir() + "docker-XXXXXX";
  home = ::mkdtemp(pattern.data());
  name = "rayctl-" + random_hex(4);
}

DockerMachine::~DockerMachine() {
  sh("docker rm -f " + name + " >/dev/null 2>&1 || true");
  std::filesystem::remove_all(home);
}

std::unique_ptr<CommandRunner> DockerMachine::runner() const {
  LocalRunnerSettings settings;
  settings.home = home.string();
  settings.env = {{"PATH", std::getenv("PATH")}};
  return std::make_unique<LocalRunner>(settings);
}

std::string DockerMachine::sh(const std::string& line) const {
  const auto ran = runner()->run({{"sh", "-c", line}, {}, ""}, soon());
  EXPECT_TRUE(ran && ran->exit_code == 0) << line << ": " << (ran ? ran->err : ran.error().message);
  return ran ? trim(ran->out) : "";
}

}  // namespace rayctl
