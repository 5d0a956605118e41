#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "transport/command_runner.h"

namespace rayctl {

/// What a contract test needs of one kind of CommandRunner.
struct RunnerUnderTest {
  std::unique_ptr<CommandRunner> runner;
  std::filesystem::path home;  ///< the node's home, as this test can look into it
  std::shared_ptr<void> keep;  ///< whatever must live as long
};
using RunnerFactory = std::function<RunnerUnderTest()>;

/// Suites: what every CommandRunner promises, and what detached operations promise on each.
/// INSTANTIATE_TEST_SUITE_P(Local, CommandRunnerContract, testing::Values(factory)).
class CommandRunnerContract : public testing::TestWithParam<RunnerFactory> {
 public:
  RunnerUnderTest under_test = GetParam()();
  CommandRunner& runner = *under_test.runner;
  SystemClock clock;
  /// Whether a process lives on the node; one that nobody has collected yet does not.
  bool runs(const std::string& pid) {
    const auto seen = runner.run(
        {{"sh", "-c", "grep -q '^State:[[:space:]]*[RSDTtIWKP]' \"/proc/$1/status\"", "sh", pid},
         {},
         ""},
        soon());
    return seen && seen->exit_code == 0;
  }
  Time soon(int seconds = 20) const { return clock.now() + Millis{seconds * 1000}; }
};
class DetachedOpContract : public CommandRunnerContract {};
class SharedFileContract : public CommandRunnerContract {};

}  // namespace rayctl
