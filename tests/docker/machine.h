#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "transport/command_runner.h"

namespace rayctl {

/// A machine of the docker tests: this one, with a home folder of its own.
struct DockerMachine {
  DockerMachine();
  ~DockerMachine();
  DockerMachine(const DockerMachine&) = delete;
  DockerMachine& operator=(const DockerMachine&) = delete;

  std::unique_ptr<CommandRunner> runner() const;
  /// The output of a shell line on it; the test fails if that fails.
  std::string sh(const std::string& line) const;
  Time soon() const { return SystemClock().now() + Millis{60'000}; }

  std::filesystem::path home;
  std::string name;  ///< for the container; removed at the end
};

}  // namespace rayctl
