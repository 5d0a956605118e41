#include "providers/python/bridge_runner.h"

#include <array>
#include <cstdio>
#include <utility>

#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "net/ssh_key.h"

namespace rayctl::python {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

BridgeRunner::BridgeRunner(std::shared_ptr<Bridge> bridge, ClusterName cluster, CloudId node)
    : bridge_(std::move(bridge)), cluster_(std::move(cluster)), node_(std::move(node)) {}

Result<CommandOutput> BridgeRunner::run_line(const std::string& line, Time deadline) {
  Result<Json> ran =
      bridge_->ask("run", cluster_, {{"node", node_.text}, {"command", line}}, deadline);
  if (!ran) return ran.error();
  const std::optional<std::string> out = from_base64(ran->value("out", ""));
  return CommandOutput{ran->value("exit", 255), out.value_or(""), ""};
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
                   "writing " + to + " on " + node_.text + ": " + trim(moved->out));
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
