#include "transport/docker_runner.h"

#include <array>
#include <filesystem>
#include <system_error>

#include "base/digest.h"
#include "base/text.h"
#include "transport/exec_inside.h"
#include "transport/ssh/remote_shell.h"

namespace rayctl {
namespace {

constexpr std::size_t kKeep = 4U << 20;  // bytes of each output stream returned: the last ones
constexpr Millis kKillTime{10'000};

// Arguments: file below the home, then a program, whose input or output the file is.
constexpr char kFromFile[] = R"sh(file=$1; shift; exec "$@" <"$HOME/$file")sh";
constexpr char kToFile[] = R"sh(
file=$1; shift; umask 077
mkdir -p "$HOME/.rayctl/exchange" && exec "$@" >"$HOME/$file"
)sh";

void keep_end(std::string& kept, std::string_view piece) {
  kept += piece;
  if (kept.size() > kKeep) kept.erase(0, kept.size() - kKeep);
}

std::string octal(unsigned mode) {
  std::array<char, 8> text;
  std::snprintf(text.data(), text.size(), "%04o", mode & 07777U);
  return text.data();
}

// A file of the machine that is gone when the object is.
class Exchange {
 public:
  explicit Exchange(CommandRunner& machine)
      : machine_(machine), path_(".rayctl/exchange/" + random_hex(8)) {}
  ~Exchange() {
    const auto removed =
        machine_.run({.argv = {"rm", "-f", path_}}, SystemClock().now() + kKillTime);
    if (!removed) return;  // a file too many does no harm
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  const std::string& path() const { return path_; }

 private:
  CommandRunner& machine_;
  const std::string path_;
};

Error file_error(const CommandOutput& output, const std::string& doing) {
  const std::vector<std::string> said = last_lines(output.err, 1);
  return permanent(
      ErrorCode::kFilesFailed,
      "cannot " + doing + " in the container: " +
          (said.empty() ? "exit code " + std::to_string(output.exit_code) : said.back()));
}

}  // namespace

DockerRunner::DockerRunner(std::unique_ptr<CommandRunner> machine, ContainerPlace place)
    : machine_(std::move(machine)), place_(std::move(place)) {}

std::vector<std::string> DockerRunner::exec(std::vector<std::string> argv) const {
  std::vector<std::string> words{place_.program, "exec", "-i", place_.name};
  words.insert(words.end(), argv.begin(), argv.end());
  return words;
}

Result<CommandOutput> DockerRunner::run(const Command& command, Time deadline,
                                        const OutputSink& sink) {
  const Result<ExecRequest> request =
      remote_request(command, place_.login_shell && !command.plain, new_end_mark());
  if (!request) return request.error();
  CommandOutput output;
  const OutputSink own = [&](std::string_view piece, bool is_stderr) {
    keep_end(is_stderr ? output.err : output.out, piece);
    if (sink) sink(piece, is_stderr);
  };
  const RunInside run_inside = [this](const Command& inside, Time until, const OutputSink& to) {
    Command outer = inside;
    outer.argv = exec(inside.argv);
    return machine_->run(outer, until, to);
  };
  const Result<int> code =
      exec_inside(run_inside, *request, "container " + place_.name, deadline, own);
  if (!code) return code.error();
  output.exit_code = *code;
  return output;
}

Result<CommandOutput> DockerRunner::on_machine(const Command& command, const std::string& doing,
                                               Time deadline) const {
  Result<CommandOutput> ran = machine_->run(command, deadline);
  if (!ran) return in_context(ran.error(), "in container " + place_.name);
  if (ran->exit_code != 0) return file_error(*ran, doing);
  return ran;
}

Result<> DockerRunner::put(std::string_view bytes, const std::string& to, unsigned mode,
                           Time deadline) {
  const Command command{exec({"sh", "-c", file_put_script(), "rayctl-file", to, octal(mode),
                              std::to_string(bytes.size()), random_hex(8)}),
                        {},
                        std::string(bytes)};
  const Result<CommandOutput> ran = on_machine(command, "write " + to, deadline);
  if (!ran) return ran.error();
  return {};
}

Result<> DockerRunner::upload(const std::filesystem::path& from, const std::string& to,
                              unsigned mode, Time deadline) {
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(from, failed);
  if (failed) {
    return permanent(ErrorCode::kFilesFailed,
                     "cannot read " + from.string() + ": " + failed.message());
  }
  const Exchange exchange(*machine_);
  Result<> sent = machine_->upload(from, "~/" + exchange.path(), 0600, deadline);
  if (!sent) return sent;
  std::vector<std::string> argv{"sh", "-c", kFromFile, "rayctl-file", exchange.path()};
  for (const std::string& word : exec({"sh", "-c", file_put_script(), "rayctl-file", to,
                                       octal(mode), std::to_string(size), random_hex(8)})) {
    argv.push_back(word);
  }
  const Result<CommandOutput> ran = on_machine({argv, {}, ""}, "write " + to, deadline);
  if (!ran) return ran.error();
  return {};
}

Result<> DockerRunner::download(const std::string& from, const std::filesystem::path& to,
                                Time deadline) {
  const Exchange exchange(*machine_);
  std::vector<std::string> argv{"sh", "-c", kToFile, "rayctl-file", exchange.path()};
  for (const std::string& word : exec({"sh", "-c", file_get_script(), "rayctl-file", from}))
    argv.push_back(word);
  const Result<CommandOutput> ran = on_machine({argv, {}, ""}, "read " + from, deadline);
  if (!ran) return ran.error();
  return machine_->download("~/" + exchange.path(), to, deadline);
}

}  // namespace rayctl
