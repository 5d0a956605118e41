#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/command_runner.h"

namespace rayctl::process {

/// Makes a runner of commands on this machine with `home` as HOME and working folder and `env` as
/// their whole environment; `confined` refuses to write files outside of `home`. Handed in so that
/// this folder need not know which one (transport/local_runner.h).
using MakeRunner = std::function<std::unique_ptr<CommandRunner>(
    const std::string& home, const std::map<std::string, std::string>& env, bool confined)>;

/// What the one-machine provider is made from.
struct ProcessSettings {
  std::filesystem::path root;  ///< holds the nodes' folders; empty: state_home()/nodes
  std::string ray;             ///< provider.ray; empty: $RAYCTL_RAY, else `ray` on the PATH
  /// Program and arguments that, with the node's folder added, call run_supervisor().
  std::vector<std::string> supervisor_argv;
  MakeRunner make_runner;
};

}  // namespace rayctl::process
