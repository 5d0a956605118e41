#include <algorithm>
#include <cctype>

#include "base/files.h"
#include "base/text.h"
#include "providers/process/environment.h"
#include "providers/process/process_provider.h"
#include "providers/process/ray_command.h"
#include "providers/process/temp_dir.h"

namespace rayctl::process {

ProcessAccess::ProcessAccess(ProcessSettings settings, std::shared_ptr<NodeRoot> root)
    : settings_(std::move(settings)), root_(std::move(root)) {}

Result<NodeFacts> ProcessAccess::facts_of(const CloudNode& node) const {
  const std::optional<NodeFolder> folder = root_->find(node.id);
  if (!folder) {
    return permanent(ErrorCode::kNoSuchNode, "there is no machine " + node.id.text);
  }
  return folder->facts();
}

Result<std::unique_ptr<CommandRunner>> ProcessAccess::runner(const CloudNode& node) {
  const std::optional<NodeFolder> folder = root_->find(node.id);
  if (!folder || !folder->alive() || folder->stopping()) {
    return transient(ErrorCode::kConnectionLost, "machine " + node.id.text + " is not running");
  }
  const Result<NodeFacts> facts = folder->facts();
  if (!facts) return facts.error();
  const Result<std::string> ray = find_ray(settings_.ray);
  return settings_.make_runner(folder->path().string(),
                               node_environment(*folder, *facts, ray ? *ray : ""), true);
}

Result<Command> ProcessAccess::start_command(const CloudNode& node, const NodeSpec& spec,
                                             const CloudNode* head) {
  if (!spec.start.commands.empty()) {
    return permanent(ErrorCode::kNotSupported,
                     "start commands have no place with provider type process: rayctl starts Ray "
                     "itself; use resources, labels and ray_start_args");
  }
  if (!spec.start.ray) return Command{spec.start.command, {}, ""};
  Result<std::string> ray = find_ray(settings_.ray);
  if (!ray) return ray.error();
  if (Result<std::filesystem::path> temp = own_temp(); !temp) return temp.error();
  Result<NodeFacts> facts = facts_of(node);
  if (!facts) return facts.error();
  std::optional<NodeFacts> head_facts;
  if (head != nullptr) {
    Result<NodeFacts> found = facts_of(*head);
    if (!found) return found.error();
    head_facts = *std::move(found);
  }
  Result<std::vector<std::string>> argv =
      ray_start_argv(*ray, *facts, head_facts ? &*head_facts : nullptr, spec.start);
  if (!argv) return argv.error();
  return Command{*std::move(argv),
                 {{"RAY_CLOUD_INSTANCE_ID", node.id.text},
                  {"RAY_NODE_TYPE_NAME", spec.type.text},
                  {"RAY_enable_autoscaler_v2", "1"}},
                 ""};
}

Result<std::string> ProcessAccess::gcs_endpoint(const CloudNode& head) {
  Result<NodeFacts> facts = facts_of(head);
  if (!facts) return facts.error();
  return facts->address + ":" + std::to_string(facts->gcs_port);
}

Result<std::string> ProcessAccess::dashboard_url(const CloudNode& head) {
  Result<NodeFacts> facts = facts_of(head);
  if (!facts) return facts.error();
  return "http://" + facts->address + ":" + std::to_string(facts->dashboard_port);
}

Result<std::vector<std::string>> ProcessAccess::terminal(const CloudNode& node,
                                                         const Terminal& wanted) {
  const std::optional<NodeFolder> folder = root_->find(node.id);
  if (!folder || !folder->alive() || folder->stopping()) {
    return transient(ErrorCode::kConnectionLost, "machine " + node.id.text + " is not running");
  }
  const Result<NodeFacts> facts = folder->facts();
  if (!facts) return facts.error();
  const Result<std::string> ray = find_ray(settings_.ray);
  Environment environment = node_environment(*folder, *facts, ray ? *ray : "");
  environment["HOME"] = folder->path().string();
  std::string text = "for name in $(compgen -e RAY); do unset \"$name\"; done\n";
  for (const auto& [name, value] : environment) {
    const bool plain = std::all_of(
        name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    if (plain) text += "export " + name + "=" + shell_quote(value) + "\n";
  }
  const std::string file = folder->file("terminal_env").string();
  if (Result<> written = write_file_atomic(file, text, 0600); !written) return written.error();
  std::vector<std::string> argv{"bash",
                                "-c",
                                "cd -- \"$1\" && . \"$2\"; shift 2 && exec bash \"$@\"",
                                "rayctl-terminal",
                                folder->path().string(),
                                file};
  if (wanted.line.empty()) {
    argv.emplace_back("-i");
  } else {
    argv.insert(argv.end(), {"-c", wanted.line});
  }
  return argv;
}

}  // namespace rayctl::process
