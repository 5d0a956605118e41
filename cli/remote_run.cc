#include "cli/remote_run.h"

#include <algorithm>
#include <csignal>
#include <mutex>
#include <ostream>

#include "base/digest.h"
#include "base/parallel.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/views/prefixed_lines.h"

namespace rayctl {
namespace {

constexpr Millis kForever{std::chrono::hours(24 * 365)};
constexpr Millis kCall{15'000};
constexpr Millis kEndGrace{10'000};
constexpr Millis kAgain{2'000};
constexpr std::size_t kAtOnce = 64;

constexpr char kMark[] = "RAYCTL_EXEC";

// Everything that the command started carries the mark in its environment, as in a terminal
// everything in the foreground gets the signal. A shell that is told while it starts a program
// waits for that program, so that one is looked for again, but not what was started since, which
// may be how a program cleans up. Arguments: mark, signal.
constexpr char kSignalAll[] = R"sh(
mark=$1 signal=$2 told=" "
start_of() {
  set -- $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
  echo "${20:-0}"
}
tell() {
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    case $told in *" $pid "*) continue ;; esac
    grep -qsaF "RAYCTL_EXEC=$mark" "$process/environ" || continue
    [ -z "$1" ] || [ "$(start_of "$pid")" -le "$1" ] || continue
    kill -s "$signal" "$pid" 2>/dev/null && told="$told$pid "
  done
}
tell ""
sleep 0.05 &
until_now=$(start_of "$!")
wait
tell "$until_now"
exit 0
)sh";

void hand_on(Session& session, CommandRunner& runner, const std::string& mark, int number) {
  Command command{
      .argv = {"sh", "-c", kSignalAll, "rayctl-signal", mark, number == SIGINT ? "INT" : "TERM"},
      .env = {},
      .input = ""};
  (void)runner.run(command, session.clock.now() + kCall);
}

Json output_json(const CommandOutput& output) {
  return {{"exit_status", output.exit_code}, {"stdout", output.out}, {"stderr", output.err}};
}

OutputSink to_streams(Session& session) {
  if (session.json) return {};
  return [&session](std::string_view piece, bool is_stderr) {
    (is_stderr ? session.io.err : session.io.out) << piece << std::flush;
  };
}

/// Hands each byte of an output on once, although every look at it begins at its start.
class Once {
 public:
  explicit Once(OutputSink sink) : sink_(std::move(sink)) {}
  void begin() { at_ = 0; }
  void add(std::string_view piece) {
    const std::size_t end = at_ + piece.size();
    if (end > done_) {
      sink_(piece.substr(piece.size() - std::min(piece.size(), end - done_)), false);
      done_ = end;
    }
    at_ = end;
  }

 private:
  OutputSink sink_;
  std::size_t at_ = 0, done_ = 0;
};

Error lost(const RemoteNode& node, const OpToken& token, const Error& why) {
  Error error = unknown_outcome(
      ErrorCode::kConnectionLost,
      "the connection to " + node.name.text + " is lost and the command may still run there");
  error.context = {why.message, "its output and exit code are in ~/.rayctl/ops/" + token.text +
                                    "/ of " + node.name.text};
  return error;
}

}  // namespace

Result<int> run_through(Session& session, const RemoteNode& node, const Command& given) {
  Command command = given;
  const std::string mark = random_hex(8);
  command.env[kMark] = mark;
  SignalGuard guard([&](int number) { hand_on(session, *node.runner, mark, number); });
  Result<CommandOutput> output =
      node.runner->run(command, session.clock.now() + kForever, to_streams(session));
  if (guard.caught() != 0) return 128 + guard.caught();
  if (!output) return in_context(output.error(), "running the command on " + node.name.text);
  if (session.json) {
    Json record = output_json(*output);
    record["format_version"] = kOutputFormat;
    show_json(session, record);
  }
  return output->exit_code;
}

Result<int> run_detached(Session& session, const RemoteNode& node, const Command& command,
                         Millis patience) {
  const OpToken token{"exec-" + random_hex(8)};
  CommandRunner& runner = *node.runner;
  SignalGuard guard([](int) {});
  std::string kept;
  Once output([&](std::string_view piece, bool) {
    if (session.json) {
      kept += piece;
    } else {
      session.io.out << piece << std::flush;
    }
  });
  Result<OpStatus> status = start_op(runner, token, command, session.clock.now() + kCall);
  if (!status && status.error().fault != Fault::kUnknown) return status.error();
  std::optional<Time> gone_since;
  while (!status || status->state == OpStatus::State::kRunning) {
    if (guard.caught() != 0) {
      (void)stop_op(runner, token, kEndGrace, session.clock, session.clock.now() + 2 * kEndGrace);
      return 128 + guard.caught();
    }
    if (status) {
      gone_since.reset();
    } else {
      const Time now = session.clock.now();
      if (!gone_since) {
        gone_since = now;
        session.io.err << "The connection to " << node.name.text
                       << " is lost; looking for the command again.\n";
      }
      if (now - *gone_since >= patience) return lost(node, token, status.error());
      session.clock.sleep(kAgain, guard.token());
    }
    output.begin();
    status = wait_op(runner, token, session.clock, session.clock.now() + kForever, guard.token(),
                     [&](std::string_view piece, bool) { output.add(piece); });
  }
  if (status->state != OpStatus::State::kDone) {
    return unknown_outcome(ErrorCode::kCommandFailed,
                           "the command ended on " + node.name.text +
                               " without an exit code: it was killed, or the node restarted");
  }
  if (session.json) {
    show_json(session, {{"format_version", kOutputFormat},
                        {"exit_status", status->exit_code},
                        {"stdout", kept},
                        {"stderr", ""}});
  }
  return status->exit_code;
}

Result<int> run_on_all(Session& session, const std::vector<NodeCommand>& commands) {
  const std::string mark = random_hex(8);
  std::size_t width = 0;
  for (const NodeCommand& each : commands)
    width = std::max(width, each.node.name.text.size());
  std::vector<Result<CommandOutput>> outputs(commands.size(), CommandOutput{});
  std::mutex printing;
  SignalGuard guard([&](int number) {
    for_each_index(commands.size(), commands.size(), [&](std::size_t at) {
      hand_on(session, *commands[at].node.runner, mark, number);
    });
  });
  const auto run_one = [&](std::size_t at) {
    Command command = commands[at].command;
    command.env[kMark] = mark;
    PrefixedLines out(session.io.out, printing, commands[at].node.name.text, width);
    PrefixedLines err(session.io.err, printing, commands[at].node.name.text, width);
    OutputSink sink;
    if (!session.json) {
      sink = [&](std::string_view piece, bool is_stderr) { (is_stderr ? err : out).add(piece); };
    }
    outputs[at] = commands[at].node.runner->run(command, session.clock.now() + kForever, sink);
    if (!outputs[at] && !session.json) err.add("error: " + outputs[at].error().message);
  };
  for_each_index(commands.size(), kAtOnce, [&](std::size_t at) {
    if (guard.caught() == 0) run_one(at);
  });
  int worst = guard.caught() != 0 ? 128 + guard.caught() : 0;
  Json nodes = Json::array();
  for (std::size_t at = 0; at < commands.size(); ++at) {
    const Result<CommandOutput>& output = outputs[at];
    const int code = output ? output->exit_code : 255;
    if (guard.caught() == 0) worst = std::max(worst, code);
    Json record =
        output ? output_json(*output) : Json{{"exit_status", 255}, {"stdout", ""}, {"stderr", ""}};
    record["name"] = commands[at].node.name.text;
    record["error"] = output ? Json() : error_json(session, output.error())["error"];
    nodes.push_back(std::move(record));
  }
  if (session.json) {
    show_json(session,
              {{"format_version", kOutputFormat}, {"exit_status", worst}, {"nodes", nodes}});
  }
  return worst;
}

}  // namespace rayctl
