#include "cli/access/kube_target.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "config/findings.h"
#include "config/reader.h"
#include "config/yaml.h"
#include "providers/kubernetes/kubeconfig.h"

namespace rayctl {
namespace {

constexpr std::size_t kLargest = 16U << 20;

/// The files that are there; of the default one it is no mistake if it is not.
std::vector<std::string> kubeconfig_files(const kubernetes::Environment& env) {
  const auto listed = env.find("KUBECONFIG");
  std::vector<std::string> files;
  if (listed == env.end() || listed->second.empty()) {
    files.push_back(home_directory() + "/.kube/config");
  } else {
    files = split(listed->second, ':');
  }
  std::erase_if(files, [](const std::string& file) {
    std::error_code none;
    return file.empty() || !std::filesystem::exists(file, none);
  });
  return files;
}

Error unreadable(const std::string& file, const std::string& why) {
  return permanent(ErrorCode::kCredentials, "the kubeconfig " + file + ": " + why);
}

}  // namespace

Result<kubernetes::Target> find_kube_target(const kubernetes::Environment& env,
                                            const std::string& context) {
  std::vector<kubernetes::KubeconfigFile> files;
  for (const std::string& file : kubeconfig_files(env)) {
    const Result<std::string> text = read_file(file, kLargest);
    if (!text) return unreadable(file, text.error().message);
    Findings findings;
    const std::optional<Yaml> yaml = read_yaml(*text, file, findings);
    if (!yaml) {
      const std::vector<Diagnostic> all = findings.sorted();
      return unreadable(file, all.empty() ? "it is no YAML" : all.front().summary);
    }
    files.push_back({std::filesystem::absolute(file).string(), to_json(*yaml)});
  }
  const bool inside = files.empty() && kubernetes::is_in_cluster(env);
  kubernetes::TargetChoice choice =
      inside ? kubernetes::in_cluster_target(env) : kubernetes::choose_target(files, context);
  if (!choice.target) return kubernetes::target_error(choice.problems);
  return *std::move(choice.target);
}

}  // namespace rayctl
