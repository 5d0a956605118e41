#include "transport/local_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
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

// A file under a name of its own beside its place, until it is complete.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)) {}
  ~Draft() {
    if (fd_) ::unlink(draft_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Result<> open() {
    std::error_code failed;
    const std::filesystem::path parent = std::filesystem::path(path_).parent_path();
    if (!parent.empty()) std::filesystem::create_directories(parent, failed);
    if (failed) {
      return permanent(ErrorCode::kFilesFailed,
                       "cannot make the folder " + parent.string() + ": " + failed.message());
    }
    static std::atomic<unsigned> counter{0};
    draft_ = path_ + ".rayctl-" + std::to_string(::getpid()) + "-" + std::to_string(++counter);
    fd_.reset(::open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd_) return file_error("write", path_);
    return {};
  }
  int fd() const { return fd_.get(); }
  Result<> finish(unsigned mode) {
    if (::fchmod(fd_.get(), mode) != 0 || ::rename(draft_.c_str(), path_.c_str()) != 0) {
      return file_error("write", path_);
    }
    fd_.reset();
    return {};
  }

 private:
  std::string path_, draft_;
  Fd fd_;
};

}  // namespace

Result<> replace_file(const std::string& path, std::string_view bytes, unsigned mode) {
  Draft draft(path);
  if (Result<> opened = draft.open(); !opened) return opened;
  if (!write_all(draft.fd(), bytes)) return file_error("write", path);
  return draft.finish(mode);
}

Result<> replace_with_copy(const std::string& path, const std::filesystem::path& from,
                           unsigned mode) {
  const Fd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return file_error("read", from.string());
  Draft draft(path);
  if (Result<> opened = draft.open(); !opened) return opened;
  std::vector<char> buffer(1U << 17);
  for (;;) {
    const ssize_t got = ::read(source.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("read", from.string());
    if (got == 0) break;
    if (!write_all(draft.fd(), {buffer.data(), static_cast<std::size_t>(got)})) {
      return file_error("write", path);
    }
  }
  return draft.finish(mode);
}

}  // namespace rayctl
