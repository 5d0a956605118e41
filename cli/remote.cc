#include "cli/remote.h"

#include <filesystem>
#include <ostream>

#include "base/text.h"
#include "cli/output.h"
#include "config/resolve.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};
constexpr Millis kForever{std::chrono::hours(24 * 365)};

Result<std::string> home_of(Cluster& cluster, CommandRunner& runner) {
  Result<CommandOutput> home =
      runner.run({.argv = {"printenv", "HOME"}}, cluster.world().clock.now() + kCall);
  if (!home) return home.error();
  return trim(home->out);
}

Result<CloudNode> machine_of(Cluster& cluster, const Looked& looked, const std::string& node) {
  if (node.empty()) return running_head(cluster, looked);
  const CloudNode* machine = find_machine(looked.snapshot, looked.observed, NodeName{node});
  if (machine != nullptr && machine->power == Power::kRunning) return *machine;
  return permanent(ErrorCode::kNoSuchNode,
                   "no node `" + node + "` runs in cluster " + cluster.config().cluster.text);
}

}  // namespace

Result<RemoteNode> reach_node(Cluster& cluster, const Looked& looked, const std::string& node) {
  Result<CloudNode> head = running_head(cluster, looked);
  if (!head) return head.error();
  Result<CloudNode> machine = machine_of(cluster, looked, node);
  if (!machine) return machine.error();
  NodeAccess& access = cluster.world().access(cluster.config().provider);
  Result<std::unique_ptr<CommandRunner>> runner = access.runner(*machine);
  if (!runner) return runner.error();
  RemoteNode remote{.machine = *machine, .runner = *std::move(runner)};
  if (cluster.world().plain_processes) return remote;
  Result<std::string> endpoint = access.gcs_endpoint(*head);
  if (!endpoint) return endpoint.error();
  remote.env["RAY_ADDRESS"] = *endpoint;
  if (!cluster.world().auth_token.empty()) {
    Result<std::string> home = home_of(cluster, *remote.runner);
    if (!home) return home.error();
    remote.env["RAY_AUTH_MODE"] = "token";
    remote.env["RAY_AUTH_TOKEN_PATH"] = *home + "/" + kNodeTokenFile;
  }
  return remote;
}

std::string python_of(Cluster& cluster, const CloudNode& head) {
  const Config& config = cluster.config();
  Desired desired = resolve(config, Scale{}, {}, cluster.digest_key());
  auto spec = desired.specs.find(config.head_type);
  if (spec == desired.specs.end()) return "python3";
  Result<Command> start =
      cluster.world().access(config.provider).start_command(head, spec->second, nullptr);
  if (!start || start->argv.empty()) return "python3";
  std::filesystem::path program(start->argv.front());
  bool ray = program.filename() == "ray" && program.has_parent_path();
  return ray ? (program.parent_path() / "python").string() : "python3";
}

Result<int> run_through(Session& session, RemoteNode& node, const Command& command) {
  OutputSink sink;
  if (!session.json) {
    sink = [&](std::string_view piece, bool is_stderr) {
      (is_stderr ? session.io.err : session.io.out) << piece << std::flush;
    };
  }
  Result<CommandOutput> output = node.runner->run(command, session.clock.now() + kForever, sink);
  if (!output) return output.error();
  if (session.json) {
    show_json(session, {{"format_version", kOutputFormat},
                        {"exit_status", output->exit_code},
                        {"stdout", output->out},
                        {"stderr", output->err}});
  }
  return output->exit_code;
}

}  // namespace rayctl
