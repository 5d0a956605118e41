#include "cli/commands/session_flags.h"

#include <ostream>

#include "base/text.h"
#include "cli/host_supervisor.h"
#include "cli/remote_run.h"
#include "model/tags.h"

namespace rayctl {
namespace {

constexpr Millis kReconnect{300'000};
constexpr Millis kCall{60'000};

Result<> change(Session& session, Cluster& cluster, const ClusterFlags& flags,
                const ChangeFlags& how, const std::string& verb, const Goal& goal) {
  ChangeRequest request = request_of(verb, flags, how, goal);
  request.aside = true;
  request.yes = true;
  Result<int> status = run_change(session, cluster, request);
  if (!status) return status.error();
  if (*status == 0) return {};
  if (*status >= 128) return permanent(ErrorCode::kInterrupted, "the " + verb + " was interrupted");
  return permanent(ErrorCode::kLaunchFailed, "the " + verb + " did not finish");
}

bool head_is_up(const Looked& looked) {
  const CloudNode* head = find_head(looked.snapshot, looked.observed);
  if (head == nullptr) return false;
  auto status = head->tags.find(kTagNodeStatus);
  return status != head->tags.end() && status->second == kStatusUpToDate;
}

/// The command inside a detached tmux or screen, as Ray starts them; a shell stays in it.
Command in_multiplexer(const SessionFlags& wanted, const Command& command,
                       const std::vector<std::string>& screen_args) {
  std::vector<std::string> words;
  if (wanted.tmux) {
    words = {"tmux", "new", "-d"};
  } else {
    words = {"screen", "-L", "-dm"};
    words.insert(words.end(), screen_args.begin(), screen_args.end());
  }
  // A server that runs already does not take our environment.
  words.emplace_back("env");
  for (const auto& [name, value] : command.env)
    words.push_back(name + "=" + value);
  words.insert(words.end(), {"bash", "-c", "\"$@\"; exec bash", "rayctl-exec"});
  words.insert(words.end(), command.argv.begin(), command.argv.end());
  // tmux(1): an argument that ends in a semicolon ends its command, unless it is escaped.
  for (std::string& word : words) {
    if (wanted.tmux && word.ends_with(';')) word.insert(word.size() - 1, "\\");
  }
  return {.argv = words, .env = {}, .input = ""};
}

Result<int> leave_running(Session& session, const ClusterFlags& flags, const SessionFlags& wanted,
                          const RemoteNode& head, const Command& command) {
  const std::string program = wanted.tmux ? "tmux" : "screen";
  Result<CommandOutput> started = head.runner->run(command, session.clock.now() + kCall);
  if (!started) return started.error();
  if (started->exit_code == 127) {
    return permanent(ErrorCode::kCommandFailed,
                     program + " is not installed on " + head.name.text +
                         "; install it there, with setup_commands for instance");
  }
  if (started->exit_code != 0) {
    Error error =
        permanent(ErrorCode::kCommandFailed, program + " did not start on " + head.name.text);
    error.context = last_lines(started->err + started->out, 3);
    return error;
  }
  session.io.err << "It runs in " << program << ". See it with `"
                 << command_line("attach", flags, "--" + program) << "`.\n";
  return 0;
}

}  // namespace

void declare_session(Flags& flags, SessionFlags& target) {
  flags.flag("--start", target.start);
  flags.flag("--tmux", target.tmux);
  flags.flag("--screen", target.screen);
  flags.values("-p,--port-forward", target.port_forward);
  flags.exclusive("--tmux", "--screen");
  declare_change(flags, target.change);
  flags.ignored("--no-config-cache");
  flags.ignored("--log-style", true);
  flags.ignored("--log-color", true);
  flags.ignored("-v,--verbose");
}

void declare_command_session(Flags& flags, SessionFlags& target) {
  declare_session(flags, target);
  flags.flag("--stop", target.stop);
  flags.value("--run-env", target.run_env);
  flags.ignored("--disable-usage-stats");
}

std::string shell_word(const std::string& word) {
  const bool plain = word.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789-_./=:@,+") == std::string::npos;
  return plain && !word.empty() ? word : shell_quote(word);
}

std::string command_line(const std::string& verb, const ClusterFlags& flags,
                         const std::string& rest) {
  std::string line = "rayctl " + verb + " " + shell_word(flags.config);
  if (!flags.cluster_name.empty()) line += " -n " + shell_word(flags.cluster_name);
  if (!flags.state.empty()) line += " --state " + shell_word(flags.state);
  return rest.empty() ? line : line + " " + rest;
}

Result<OpenSession> open_session(Session& session, const ClusterFlags& flags,
                                 const SessionFlags& wanted) {
  Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, flags);
  if (!cluster) return cluster.error();
  Result<Looked> looked = look_at_machines(session, **cluster);
  if (!looked) return looked.error();
  if (!wanted.start || head_is_up(*looked)) return OpenSession{*std::move(cluster), *looked};
  (*cluster).reset();
  cluster = open_for_change(session, flags, false);
  if (!cluster) return cluster.error();
  Goal goal;
  goal.options.no_restart = true;
  Result<> applied = change(session, **cluster, flags, wanted.change, "apply", goal);
  if (!applied) return applied.error();
  looked = look_at_machines(session, **cluster);
  if (!looked) return looked.error();
  return OpenSession{*std::move(cluster), *std::move(looked)};
}

Result<> stop_cluster(Session& session, Cluster& cluster, const ClusterFlags& flags,
                      const ChangeFlags& how) {
  return change(session, cluster, flags, how, "down", {.destroy = true});
}

Result<int> run_on_head(Session& session, const ClusterFlags& flags, const SessionFlags& wanted,
                        OpenSession& open, const RemoteNode& head, const Command& command,
                        const HeadCommand& how) {
  Result<std::vector<PortPair>> ports = parse_ports(wanted.port_forward);
  if (!ports) return ports.error();
  if (wanted.tmux || wanted.screen) {
    Result<Command> inner =
        wanted.stop ? supervised(session, *open.cluster, open.looked, command) : command;
    if (!inner) return inner.error();
    return leave_running(session, flags, wanted, head,
                         in_multiplexer(wanted, *inner, how.screen_args));
  }
  NodeAccess& access = open.cluster->world().access(open.cluster->config().provider);
  Result<std::vector<std::unique_ptr<PortForward>>> forwards =
      open_forwards(session, access, head.machine, *ports);
  if (!forwards) return forwards.error();
  if (!wanted.stop) return run_through(session, head, command);
  Result<int> status = run_detached(session, head, command, kReconnect);
  if (!status) {
    session.io.err << "The cluster is kept. `" << command_line("down", flags, "--yes")
                   << "` takes it down.\n";
    return status;
  }
  if (Result<> down = stop_cluster(session, *open.cluster, flags, wanted.change); !down) {
    return in_context(down.error(),
                      "after the command, which ended with " + std::to_string(*status));
  }
  return status;
}

}  // namespace rayctl
