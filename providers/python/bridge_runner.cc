#include "providers/python/bridge_runner.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "net/ssh_key.h"

namespace rayctl::python {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeep = 4U << 20;  // bytes of each output stream: the last ones
constexpr std::size_t kShownLines = 20;

/// A private folder of this machine, removed with what is in it.
class ScratchFolder {
 public:
  ScratchFolder() : path_(fs::temp_directory_path() / ("rayctl-" + random_hex(8))) {
    std::error_code ignored;
    fs::create_directory(path_, ignored);
    fs::permissions(path_, fs::perms::owner_all, ignored);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  const fs::path path_;
};

/// A path on the node as a word of the shell; "~/" is its home.
std::string remote_word(const std::string& path) {
  if (path.starts_with("~/")) return "\"$HOME\"/" + shell_quote(path.substr(2));
  return shell_quote(path);
}

std::string octal(unsigned mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

std::string words(const std::vector<std::string>& argv) {
  std::vector<std::string> quoted;
  for (const std::string& word : argv)
    quoted.push_back(shell_quote(word));
  return join(quoted, " ");
}

std::string all_input(const Command& command) {
  std::string input = command.input;
  std::array<char, 1U << 16> buffer;
  while (command.stream) {
    const std::size_t got = command.stream->read(buffer.data(), buffer.size());
    if (got == 0) break;
    input.append(buffer.data(), got);
  }
  return input;
}

/// What stands between the marks that run_line sets; nullopt if they are not all there.
std::optional<CommandOutput> read_output(std::string_view said, const std::string& mark) {
  std::vector<std::string_view> parts;
  for (std::size_t at; (at = said.find(mark)) != std::string_view::npos;) {
    parts.push_back(said.substr(0, at));
    said.remove_prefix(at + mark.size());
  }
  if (parts.size() != 3) return std::nullopt;
  const std::size_t line = parts[1].find('\n');
  const std::optional<std::string> out =
      from_base64(parts[1].substr(std::min(line, parts[1].size())));
  const std::optional<std::string> err = from_base64(parts[2]);
  if (line == std::string_view::npos || !out || !err) return std::nullopt;
  return CommandOutput{std::atoi(trim(parts[1].substr(0, line)).c_str()), *out, *err};
}

}  // namespace

BridgeRunner::BridgeRunner(std::shared_ptr<Bridge> bridge, ClusterName cluster, CloudId node)
    : bridge_(std::move(bridge)), cluster_(std::move(cluster)), node_(std::move(node)) {}

// A class's runner gives both streams in one text, and may add to it: the line keeps them apart,
// and says between marks how it ended.
Result<CommandOutput> BridgeRunner::run_line(const std::string& line, Time deadline) {
  const std::string mark = "rayctl-" + random_hex(8), keep = std::to_string(kKeep);
  const std::string whole = "t=$(mktemp -d) || exit 125\n( " + line +
                            "\n) >\"$t/out\" 2>\"$t/err\" </dev/null\necho \"" + mark +
                            " $?\"\nfor f in out err; do tail -c " + keep +
                            " \"$t/$f\" | base64; echo " + mark + "; done\nrm -rf \"$t\"";
  Result<Json> ran =
      bridge_->ask("run", cluster_, {{"node", node_.text}, {"command", whole}}, deadline);
  if (!ran) return ran.error();
  const std::string said = from_base64(ran->value("out", "")).value_or("");
  if (std::optional<CommandOutput> output = read_output(said, mark)) return *std::move(output);
  Error error =
      unknown_outcome(ErrorCode::kConnectionLost,
                      "the command runner of " + node_.text + " ended with " +
                          std::to_string(ran->value("exit", 255)) + " before the command did");
  error.context = last_lines(trim(said), kShownLines);
  return error;
}

Result<CommandOutput> BridgeRunner::run(const Command& command, Time deadline,
                                        const OutputSink& sink) {
  const std::string input = all_input(command);
  std::string line = "cd \"$HOME\" && exec " + words(command.argv);
  if (!input.empty() || !command.env.empty()) {
    const std::string name = "~/.rayctl-run-" + random_hex(8);
    std::string script;
    for (const auto& [key, value] : command.env)
      script += "export " + key + "=" + shell_quote(value) + "\n";
    script += "rm -f " + remote_word(name) + "\n";
    if (!input.empty()) {
      const std::string in = name + ".in";
      if (Result<> sent = put(input, in, 0600, deadline); !sent) return sent.error();
      script += "exec <" + remote_word(in) + "\nrm -f " + remote_word(in) + "\n";
    }
    script += line + "\n";
    if (Result<> sent = put(script, name, 0600, deadline); !sent) return sent.error();
    line = "sh " + remote_word(name);
  }
  Result<CommandOutput> ran = run_line(line, deadline);
  if (ran && sink && !ran->out.empty()) sink(ran->out, false);
  if (ran && sink && !ran->err.empty()) sink(ran->err, true);
  return ran;
}

Result<> BridgeRunner::send(const fs::path& from, const std::string& to, unsigned mode,
                            Time deadline) {
  const std::string part = to + ".part-" + random_hex(4);
  const std::size_t slash = to.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : to.substr(0, slash);
  Result<CommandOutput> made = folder == "~"
                                   ? Result<CommandOutput>(CommandOutput{})
                                   : run_line("mkdir -p " + remote_word(folder), deadline);
  if (!made) return made.error();
  Result<Json> sent =
      bridge_->ask("put", cluster_,
                   {{"node", node_.text}, {"source", from.string()}, {"target", part}}, deadline);
  if (!sent) return sent.error();
  Result<CommandOutput> moved =
      run_line("chmod " + octal(mode) + " " + remote_word(part) + " && mv -f " + remote_word(part) +
                   " " + remote_word(to),
               deadline);
  if (!moved) return moved.error();
  if (moved->exit_code == 0) return {};
  return permanent(ErrorCode::kFilesFailed,
                   "writing " + to + " on " + node_.text + ": " + trim(moved->err));
}

Result<> BridgeRunner::upload(const fs::path& from, const std::string& to, unsigned mode,
                              Time deadline) {
  return send(from, to, mode, deadline);
}

Result<> BridgeRunner::put(std::string_view bytes, const std::string& to, unsigned mode,
                           Time deadline) {
  const ScratchFolder scratch;
  const fs::path file = scratch.path() / "file";
  if (Result<> written = write_file_atomic(file, std::string(bytes), 0600); !written) {
    return written;
  }
  return send(file, to, mode, deadline);
}

Result<> BridgeRunner::download(const std::string& from, const fs::path& to, Time deadline) {
  const fs::path part = to.string() + ".part-" + random_hex(4);
  Result<Json> got =
      bridge_->ask("get", cluster_,
                   {{"node", node_.text}, {"source", from}, {"target", part.string()}}, deadline);
  if (!got) return got.error();
  std::error_code problem;
  fs::rename(part, to, problem);
  if (!problem) return {};
  return permanent(ErrorCode::kIo, "writing " + to.string() + ": " + problem.message());
}

}  // namespace rayctl::python
