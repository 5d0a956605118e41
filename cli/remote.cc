#include "cli/remote.h"

#include <algorithm>
#include <filesystem>

#include "applier/refresh.h"
#include "base/text.h"
#include "config/resolve.h"
#include "transport/shell_line.h"

namespace rayctl {
namespace {

constexpr Millis kListPatience{60'000};

// The token's path is known only there, where HOME is.
constexpr char kFindToken[] = R"sh([ ! -s ~/.rayctl/ray_token ] ||
  export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=~/.rayctl/ray_token
)sh";

constexpr char kPython[] = R"sh(
ray=$(command -v ray) && [ -x "${ray%/*}/python" ] && exec "${ray%/*}/python" "$@"
command -v python >/dev/null && exec python "$@"
exec python3 "$@"
)sh";

/// What starts Ray on the head, as words of argv and shell lines.
std::vector<std::string> start_words(Cluster& cluster, const CloudNode& head) {
  const Config& config = cluster.config();
  Desired desired = resolve(config, Scale{}, {}, cluster.digest_key());
  auto spec = desired.specs.find(config.head_type);
  if (spec == desired.specs.end()) return {};
  std::vector<std::string> words = spec->second.start.commands;
  if (!words.empty()) return words;
  Result<Command> start =
      cluster.world().access(config.provider).start_command(head, spec->second, nullptr);
  return start ? start->argv : std::vector<std::string>();
}

}  // namespace

Result<Looked> look_at_machines(Session& session, Cluster& cluster) {
  Result<Snapshot> snapshot = cluster.store().load();
  if (!snapshot) return snapshot.error();
  Looked looked{.snapshot = *std::move(snapshot), .observed = {}};
  looked.observed =
      list_machines(cluster.world(), cluster.config().cluster, {cluster.config().provider},
                    looked.snapshot, session.clock.now() + kListPatience);
  return looked;
}

Result<RunEnv> parse_run_env(const std::string& word) {
  if (word == "auto") return RunEnv::kAuto;
  if (word == "host") return RunEnv::kHost;
  if (word == "docker") return RunEnv::kDocker;
  return permanent(ErrorCode::kUsage, "--run-env takes auto, host or docker, not `" + word + "`");
}

std::vector<NamedMachine> running_machines(const Looked& looked) {
  std::map<CloudId, const CloudNode*> machines;
  for (const auto& [provider, listed] : looked.observed.machines) {
    if (!listed) continue;
    for (const CloudNode& machine : *listed)
      machines[machine.id] = &machine;
  }
  std::vector<NamedMachine> found;
  for (const NodeOverview& node : overview(looked)) {
    auto machine = machines.find(node.id);
    if (machine == machines.end() || machine->second->power != Power::kRunning) continue;
    found.push_back({node.name, node.type, *machine->second});
  }
  return found;
}

const std::string& address_of(const Config& config, const CloudNode& machine) {
  auto setting = config.provider_settings.find("use_internal_ips");
  const bool internal =
      setting != config.provider_settings.end() && setting->is_boolean() && setting->get<bool>();
  return internal || machine.external_ip.empty() ? machine.internal_ip : machine.external_ip;
}

Result<NamedMachine> choose_machine(Cluster& cluster, const Looked& looked,
                                    const std::string& node) {
  Result<CloudNode> head = running_head(cluster, looked);
  if (node.empty() && !head) return head.error();
  std::vector<NamedMachine> machines = running_machines(looked);
  auto chosen = std::find_if(machines.begin(), machines.end(), [&](const NamedMachine& each) {
    if (node.empty()) return each.machine.id == head->id;
    return each.name.text == node || each.machine.internal_ip == node ||
           each.machine.external_ip == node || each.machine.id.text == node;
  });
  if (chosen != machines.end()) return *chosen;
  if (node.empty()) return NamedMachine{head->name.value_or(NodeName{}), {}, *head};
  if (!head && head.error().code != ErrorCode::kNoSuchNode) return head.error();
  return permanent(ErrorCode::kNoSuchNode,
                   "no node `" + node + "` runs in cluster " + cluster.config().cluster.text);
}

Result<RemoteNode> reach_machine(Cluster& cluster, const Looked& looked, const NamedMachine& node,
                                 RunEnv where) {
  NodeAccess& access = cluster.world().access(cluster.config().provider);
  Result<std::unique_ptr<CommandRunner>> runner =
      where == RunEnv::kHost ? access.machine_runner(node.machine) : access.runner(node.machine);
  if (!runner) return runner.error();
  RemoteNode remote{.name = node.name,
                    .machine = node.machine,
                    .runner = *std::move(runner),
                    .env = {},
                    .shell = access.shell()};
  if (cluster.world().plain_processes) return remote;
  const CloudNode* head = find_head(looked.snapshot, looked.observed);
  Result<std::string> address =
      head == nullptr ? permanent(ErrorCode::kNoSuchNode, "no head") : access.gcs_on_nodes(*head);
  if (address) remote.env["RAY_ADDRESS"] = *address;
  return remote;
}

Command line_on_node(const RemoteNode& node, const std::string& line) {
  return {.argv = shell_argv(node.shell, {kFindToken + line}),
          .env = node.env,
          .input = "",
          .stream = nullptr,
          .plain = node.shell != ShellKind::kBash};
}

Command program_on_node(const RemoteNode& node, const std::vector<std::string>& words) {
  Command command{.argv = {"sh", "-c", std::string(kFindToken) + "exec \"$@\"", "rayctl-exec"},
                  .env = node.env,
                  .input = ""};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  return command;
}

std::vector<std::string> python_argv(Cluster& cluster, const CloudNode& head) {
  std::vector<std::string> words = start_words(cluster, head);
  std::filesystem::path program(words.empty() ? "" : words.front());
  bool ray = program.filename() == "ray" && program.has_parent_path();
  if (ray) return {(program.parent_path() / "python").string()};
  return {"sh", "-c", kPython, "rayctl-python"};
}

std::string ray_temp_dir(Cluster& cluster, const CloudNode& head) {
  constexpr std::string_view kFlag = "--temp-dir";
  std::vector<std::string> words = start_words(cluster, head);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t at = words[i].find(kFlag);
    if (at == std::string::npos) continue;
    std::string rest = words[i].substr(at + kFlag.size());
    if (rest.empty() && i + 1 < words.size()) return words[i + 1];
    if (rest.empty() || (rest[0] != '=' && rest[0] != ' ')) continue;
    std::size_t begin = rest.find_first_not_of(" =\"'");
    if (begin == std::string::npos) continue;
    return rest.substr(begin, rest.find_first_of(" \"';&", begin) - begin);
  }
  return "/tmp/ray";
}

}  // namespace rayctl
