#include "transport/detached_op.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "transport/op_scripts.h"

namespace rayctl {
namespace {

constexpr std::size_t kPiece = 1U << 20;  // bytes of output fetched at a time
constexpr Millis kFirstPoll{20}, kLastPoll{1000};
constexpr Millis kLookTime{10'000};  // for one look, beyond the deadline of what is waited for

// A token becomes the name of a folder.
Result<> check(const OpToken& token) {
  const bool plain = std::all_of(token.text.begin(), token.text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  if (token.empty() || token.text.front() == '.' || !plain) {
    return permanent(ErrorCode::kInternal, "not a token of an operation: " + token.text);
  }
  return {};
}

Command script(const std::string& text, const OpToken& token, std::vector<std::string> arguments) {
  Command command{{"sh", "-c", text, "rayctl-op", token.text}, {}, ""};
  command.plain = true;
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

Error script_error(const CommandOutput& output, const char* doing) {
  constexpr int kCannotWrite = 73;  // sysexits: EX_CANTCREAT
  const std::vector<std::string> said = last_lines(output.err, 1);
  std::string message = std::string("cannot ") + doing + " on the node";
  if (!said.empty()) message += ": " + said.front();
  return output.exit_code == kCannotWrite || output.exit_code == 127
             ? permanent(ErrorCode::kCommandFailed, message)
             : unknown_outcome(ErrorCode::kCommandFailed, message);
}

Result<OpStatus> read_status(std::string_view line) {
  const std::vector<std::string> words = split(trim(line), ' ');
  OpStatus status;
  const auto number = [](const std::string& text, auto& value) {
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{};
  };
  if (words.size() == 4 && number(words[1], status.exit_code) && number(words[2], status.pid)) {
    status.leaves = words[3] == "1";
    using State = OpStatus::State;
    for (const auto& [word, state] :
         {std::pair{"absent", State::kAbsent}, std::pair{"running", State::kRunning},
          std::pair{"done", State::kDone}, std::pair{"dead", State::kDead}}) {
      if (words[0] != word) continue;
      status.state = state;
      return status;
    }
  }
  return unknown_outcome(
      ErrorCode::kCommandFailed,
      "the node's answer about an operation makes no sense: " + std::string(line.substr(0, 80)));
}

struct Look {
  OpStatus status;
  std::string output;
};

Result<Look> look(CommandRunner& runner, const OpToken& token, std::uint64_t offset,
                  std::size_t limit, Time deadline) {
  if (Result<> valid = check(token); !valid) return valid.error();
  Result<CommandOutput> ran = runner.run(
      script(op_look_script(), token, {std::to_string(offset), std::to_string(limit)}), deadline);
  if (!ran) return ran.error();
  if (ran->exit_code != 0) return script_error(*ran, "look at an operation");
  const std::size_t end = std::min(ran->out.find('\n'), ran->out.size());
  Result<OpStatus> status = read_status(std::string_view(ran->out).substr(0, end));
  if (!status) return status.error();
  return Look{*status, ran->out.substr(std::min(end + 1, ran->out.size()))};
}

// Signals the operation and says what of it lives (op_signal_script).
Result<std::string> signal_op(CommandRunner& runner, const OpToken& token,
                              const std::string& signal, const std::string& told, Time deadline) {
  Result<CommandOutput> ran =
      runner.run(script(op_signal_script(), token, {signal, told}), deadline);
  if (!ran) return ran.error();
  if (ran->exit_code != 0) return script_error(*ran, "stop an operation");
  return trim(ran->out);
}

}  // namespace

Result<OpStatus> start_op(CommandRunner& runner, const OpToken& token, const Command& command,
                          Time deadline) {
  if (Result<> valid = check(token); !valid) return valid.error();
  if (command.argv.empty())
    return permanent(ErrorCode::kInternal, "an operation without a program");
  std::vector<std::string> arguments{command.input.empty() ? "0" : "1", op_run_script()};
  arguments.insert(arguments.end(), command.argv.begin(), command.argv.end());
  Command start = script(op_start_script(), token, std::move(arguments));
  start.env = command.env;
  start.input = command.input;
  start.plain = command.plain;
  Result<CommandOutput> ran = runner.run(start, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code != 0) return script_error(*ran, "start an operation");
  Result<OpStatus> status = read_status(ran->out);
  if (status && status->state == OpStatus::State::kAbsent) {
    return transient(ErrorCode::kCommandFailed, "the node did not start the operation");
  }
  return status;
}

Result<OpStatus> op_status(CommandRunner& runner, const OpToken& token, Time deadline) {
  Result<Look> seen = look(runner, token, 0, 0, deadline);
  if (!seen) return seen.error();
  return seen->status;
}

Result<OpStatus> wait_op(CommandRunner& runner, const OpToken& token, Clock& clock, Time deadline,
                         const std::stop_token& stop, const OutputSink& sink) {
  std::uint64_t offset = 0;
  Millis pause = kFirstPoll;
  for (;;) {
    Result<Look> seen = look(runner, token, offset, sink ? kPiece : 0, deadline + kLookTime);
    if (!seen) return seen.error();
    offset += seen->output.size();
    if (sink && !seen->output.empty()) sink(seen->output, false);
    if (seen->output.size() == kPiece) continue;
    const Millis left = deadline - clock.now();
    if (seen->status.state != OpStatus::State::kRunning || left <= Millis{0}) return seen->status;
    if (!clock.sleep(std::min(pause, left), stop)) return seen->status;
    pause = std::min(pause * 3 / 2, kLastPoll);
  }
}

Result<std::string> op_output(CommandRunner& runner, const OpToken& token, std::size_t bytes,
                              Time deadline) {
  if (Result<> valid = check(token); !valid) return valid.error();
  Result<CommandOutput> ran =
      runner.run(script(op_tail_script(), token, {std::to_string(bytes)}), deadline);
  if (!ran) return ran.error();
  if (ran->exit_code != 0) return script_error(*ran, "read the output of an operation");
  return std::move((*ran).out);
}

Result<> stop_op(CommandRunner& runner, const OpToken& token, Millis grace, Clock& clock,
                 Time deadline) {
  if (Result<> valid = check(token); !valid) return valid.error();
  const Time patience = clock.now() + grace;
  std::string told;
  for (Millis pause = kFirstPoll;; pause = std::min(pause * 3 / 2, kLastPoll)) {
    const char* signal = clock.now() >= patience ? "KILL" : "TERM";
    Result<std::string> lives = signal_op(runner, token, signal, told, deadline);
    if (!lives) return lives.error();
    if (*lives == "gone") return {};
    if (*lives != "leader") told = *lives;
    if (clock.now() >= deadline) {
      return unknown_outcome(ErrorCode::kCommandFailed,
                             "an operation could not be stopped in time");
    }
    clock.sleep(pause, {});
  }
}

}  // namespace rayctl
