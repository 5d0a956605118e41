#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "cli/app.h"
#include "cli/providers.h"

namespace rayctl {

/// Runs the program in this process, with streams and an environment of its own and its state in a
/// folder that is removed afterwards.
class AppTest : public testing::Test {
 public:
  struct Ran {
    int status = 0;
    std::string out, err;
  };

  AppTest() {
    folder_ = std::filesystem::temp_directory_path() / ("rayctl-cli-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1);
  }
  ~AppTest() override {
    unsetenv("XDG_STATE_HOME");
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  /// A cluster of plain processes; nothing of it runs until it is applied.
  std::string cluster_file() const {
    return write(
        "cluster.yaml",
        "cluster_name: demo\nmax_workers: 4\nprovider: {type: process}\n"
        "available_node_types:\n"
        "  head: {node_config: {command: [sleep, \"60\"]}}\n"
        "  cpu: {min_workers: 2, max_workers: 4, node_config: {command: [sleep, \"60\"]}}\n"
        "head_node_type: head\n");
  }

  Ran run(const std::vector<std::string>& words) {
    std::ostringstream out, err;
    std::istringstream in(answer);
    Io io{.out = out,
          .err = err,
          .in = in,
          .env = [this](const std::string& name) -> std::optional<std::string> {
            auto found = env.find(name);
            return found == env.end() ? std::nullopt : std::optional(found->second);
          },
          .in_terminal = terminal};
    SystemClock clock;
    Session session{.io = io, .clock = clock, .providers = builtin_providers()};
    Ran ran;
    ran.status = run_app(words, session);
    ran.out = out.str();
    ran.err = err.str();
    return ran;
  }

  std::map<std::string, std::string> env;
  bool terminal = false;
  std::string answer;

 private:
  std::filesystem::path folder_;
};

}  // namespace rayctl
