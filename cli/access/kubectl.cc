#include "cli/access/kubectl.h"

#include <charconv>

#include "base/files.h"
#include "model/json.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

constexpr int kOldest = 30;  // the first that speaks v5.channel.k8s.io
constexpr Millis kPatience{10'000};

Error unusable(const std::string& what) {
  return permanent(ErrorCode::kNotSupported,
                   what + ": a terminal in a pod needs kubectl 1." + std::to_string(kOldest) +
                       " or later on the PATH (https://kubernetes.io/docs/tasks/tools/)");
}

}  // namespace

std::vector<std::string> kubectl_for(const kubernetes::Target& target) {
  std::vector<std::string> argv = {"kubectl"};
  if (!target.context.empty()) argv.push_back("--context=" + target.context);
  return argv;
}

std::vector<std::string> kubectl_exec(const std::vector<std::string>& kubectl,
                                      const kubernetes::PodPlace& place, const Terminal& wanted) {
  std::vector<std::string> argv = kubectl;
  argv.insert(argv.end(), {"--namespace=" + place.space, "exec", "--stdin", "--quiet"});
  if (wanted.tty) argv.push_back("--tty");
  if (!place.container.empty()) argv.push_back("--container=" + place.container);
  argv.insert(argv.end(), {place.pod, "--"});
  if (wanted.line.empty()) {
    argv.insert(argv.end(),
                {"/bin/sh", "-c", "command -v bash >/dev/null && exec bash -l; exec sh"});
  } else {
    argv.insert(argv.end(), {"/bin/sh", "-c", wanted.line});
  }
  return argv;
}

int kubectl_minor(const std::string& json) {
  const Json told = Json::parse(json, nullptr, false);
  if (!told.is_object()) return 0;
  const Json client = told.value("clientVersion", Json::object());
  const std::string minor = client.is_object() ? client.value("minor", "") : "";
  int number = 0;
  std::from_chars(minor.data(), minor.data() + minor.size(), number);
  return number;
}

Result<> check_kubectl(const std::string& program) {
  LocalRunner runner(LocalRunnerSettings{.home = home_directory(), .env = {}});
  const Result<CommandOutput> ran =
      runner.run({.argv = {program, "version", "--client", "--output=json"},
                  .env = {},
                  .input = "",
                  .plain = true},
                 SystemClock().now() + kPatience);
  if (!ran || ran->exit_code != 0) return unusable("kubectl cannot be run");
  const int minor = kubectl_minor(ran->out);
  if (minor > 0 && minor < kOldest)
    return unusable("kubectl 1." + std::to_string(minor) + " is too old");
  return {};
}

}  // namespace rayctl
