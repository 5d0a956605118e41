#include "transport/exec_runner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/digest.h"
#include "base/text.h"
#include "transport/byte_sources.h"
#include "transport/child_process.h"
#include "transport/exec_inside.h"
#include "transport/ssh/remote_shell.h"

namespace rayctl {
namespace {

// The last `most` bytes of a stream, in at most twice the memory.
void keep_end(std::string& kept, std::string_view piece, std::size_t most, bool last = false) {
  kept += piece;
  if (kept.size() > (last ? most : 2 * most)) kept.erase(0, kept.size() - most);
}

Error local_error(const std::string& doing, const std::filesystem::path& path) {
  return permanent(ErrorCode::kFilesFailed,
                   "cannot " + doing + " " + path.string() + ": " + std::strerror(errno));
}

Error remote_error(const CommandOutput& output, const std::string& doing,
                   const std::string& address) {
  const std::vector<std::string> said = last_lines(output.err, 1);
  std::string message = "cannot " + doing + " on " + address;
  message += said.empty() ? ": exit code " + std::to_string(output.exit_code) : ": " + said.back();
  return permanent(ErrorCode::kFilesFailed, message);
}

// A new file beside its place, removed unless it is put there.
class Draft {
 public:
  explicit Draft(const std::filesystem::path& place)
      : place_(place), draft_(place.string() + ".rayctl-" + random_hex(4)) {}
  ~Draft() {
    if (fd_) ::unlink(draft_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Result<> open() {
    std::error_code failed;
    if (place_.has_parent_path()) std::filesystem::create_directories(place_.parent_path(), failed);
    fd_.reset(::open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd_) return local_error("write", place_);
    return {};
  }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  Result<> finish() {
    if (::rename(draft_.c_str(), place_.c_str()) != 0) return local_error("write", place_);
    fd_.reset();
    return {};
  }

 private:
  const std::filesystem::path place_;
  const std::string draft_;
  Fd fd_;
};

}  // namespace

ExecRunner::ExecRunner(std::string where, bool login_shell, std::size_t keep)
    : where_(std::move(where)), login_shell_(login_shell), keep_(keep) {}

Result<CommandOutput> ExecRunner::run_request(ExecRequest request, const std::string& name,
                                              Time deadline, const OutputSink& sink,
                                              std::size_t keep) {
  CommandOutput output;
  const Result<int> code =
      exec(std::move(request), deadline, [&](std::string_view piece, bool is_stderr) {
        keep_end(is_stderr ? output.err : output.out, piece, keep);
        if (sink) sink(piece, is_stderr);
      });
  if (!code) return in_context(code.error(), "running " + name + " on " + where_);
  keep_end(output.out, "", keep, true);
  keep_end(output.err, "", keep, true);
  output.exit_code = *code;
  return output;
}

Result<CommandOutput> ExecRunner::run(const Command& command, Time deadline,
                                      const OutputSink& sink) {
  Result<ExecRequest> request =
      remote_request(command, login_shell_ && !command.plain, new_end_mark());
  if (!request) return request.error();
  return run_request(std::move(*request), command.argv.front(), deadline, sink, keep_);
}

Result<> ExecRunner::send_file(std::string_view bytes, std::shared_ptr<ByteSource> stream,
                               std::uint64_t size, const std::string& to, unsigned mode,
                               Time deadline) {
  std::array<char, 8> octal;
  std::snprintf(octal.data(), octal.size(), "%04o", mode & 07777U);
  Command command{{"sh", "-c", file_put_script(), "rayctl-file", to, octal.data(),
                   std::to_string(size), random_hex(8)},
                  {},
                  std::string(bytes),
                  std::move(stream)};
  Result<ExecRequest> request = remote_request(command, false, new_end_mark());
  if (!request) return request.error();
  const Result<CommandOutput> ran =
      run_request(std::move(*request), "the writing of " + to, deadline, {}, keep_);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return {};
  return remote_error(*ran, "write " + to, where_);
}

Result<> ExecRunner::upload(const std::filesystem::path& from, const std::string& to, unsigned mode,
                            Time deadline) {
  Fd file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return local_error("read", from);
  if (!S_ISREG(info.st_mode)) {
    errno = EINVAL;
    return local_error("read", from);
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  return send_file("", std::make_shared<FileSource>(std::move(file), size), size, to, mode,
                   deadline);
}

Result<> ExecRunner::put(std::string_view bytes, const std::string& to, unsigned mode,
                         Time deadline) {
  return send_file(bytes, nullptr, bytes.size(), to, mode, deadline);
}

Result<> ExecRunner::download(const std::string& from, const std::filesystem::path& to,
                              Time deadline) {
  const Command command{{"sh", "-c", file_get_script(), "rayctl-file", from}, {}, ""};
  Result<ExecRequest> request = remote_request(command, false, new_end_mark());
  if (!request) return request.error();
  Draft draft(to);
  if (Result<> opened = draft.open(); !opened) return opened;
  bool written = true;
  int why = 0;
  constexpr std::size_t kForMessages = 4096;
  const Result<CommandOutput> ran = run_request(
      std::move(*request), "the reading of " + from, deadline,
      [&](std::string_view piece, bool is_stderr) {
        if (is_stderr || !written) return;
        written = draft.write(piece);
        if (!written) why = errno;
      },
      kForMessages);
  if (!ran) return ran.error();
  if (ran->exit_code != 0) {
    return remote_error(*ran, "read " + from, where_);
  }
  errno = why;
  if (!written) return local_error("write", to);
  return draft.finish();
}

}  // namespace rayctl
