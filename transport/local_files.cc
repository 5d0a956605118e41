#include "transport/local_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "transport/child_process.h"

namespace rayctl {
namespace {

Error file_error(const std::string& doing, const std::string& path) {
  return permanent(ErrorCode::kFilesFailed,
                   "cannot " + doing + " " + path + ": " + std::strerror(errno));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<> make_folder(const std::filesystem::path& path) {
  std::error_code failed;
  if (!path.empty()) std::filesystem::create_directories(path, failed);
  if (!failed) return {};
  return permanent(ErrorCode::kFilesFailed,
                   "cannot make the folder " + path.string() + ": " + failed.message());
}

using Fill = std::function<Result<>(int fd)>;

// A file under a name of its own until it is complete. True: done; false: `scratch` cannot be used.
Result<bool> draft_and_rename(const std::string& path, const std::string& folder, unsigned mode,
                              const Fill& fill) {
  static std::atomic<unsigned> counter{0};
  const std::string draft =
      folder + "/.rayctl-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
  const Fd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return file_error("write", path);
  const auto fail = [&](Error error) {
    ::unlink(draft.c_str());
    return error;
  };
  if (Result<> filled = fill(fd.get()); !filled) return fail(filled.error());
  if (::fchmod(fd.get(), mode) != 0) return fail(file_error("write", path));
  if (::rename(draft.c_str(), path.c_str()) == 0) return true;
  const bool elsewhere = errno == EXDEV;
  Error error = fail(file_error("write", path));
  if (elsewhere) return false;
  return error;
}

Result<> replace(const std::string& path, unsigned mode, const std::string& scratch,
                 const Fill& fill) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (Result<> made = make_folder(parent); !made) return made;
  if (!scratch.empty()) {
    if (Result<> made = make_folder(scratch); !made) return made;
    const Result<bool> done = draft_and_rename(path, scratch, mode, fill);
    if (!done) return done.error();
    if (*done) return {};
  }
  const Result<bool> done =
      draft_and_rename(path, parent.empty() ? "." : parent.string(), mode, fill);
  if (!done) return done.error();
  return {};
}

}  // namespace

Result<> replace_file(const std::string& path, std::string_view bytes, unsigned mode,
                      const std::string& scratch) {
  return replace(path, mode, scratch, [&](int fd) -> Result<> {
    if (!write_all(fd, bytes)) return file_error("write", path);
    return {};
  });
}

Result<> replace_with_copy(const std::string& path, const std::filesystem::path& from,
                           unsigned mode, const std::string& scratch) {
  return replace(path, mode, scratch, [&](int fd) -> Result<> {
    const Fd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source) return file_error("read", from.string());
    std::vector<char> buffer(1U << 17);
    for (;;) {
      const ssize_t got = ::read(source.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return file_error("read", from.string());
      if (got == 0) return {};
      if (!write_all(fd, {buffer.data(), static_cast<std::size_t>(got)})) {
        return file_error("write", path);
      }
    }
  });
}

}  // namespace rayctl
