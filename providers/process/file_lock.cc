#include "providers/process/file_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace rayctl::process {
namespace {

struct flock whole_file() {
  struct flock range = {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

}  // namespace

Result<std::optional<FileLock>> FileLock::try_take(const std::filesystem::path& path) {
  FileLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const auto failed = [&](const char* doing) {
    return permanent(ErrorCode::kIo, std::string("cannot ") + doing + " " + path.string() + ": " +
                                         std::generic_category().message(errno));
  };
  if (lock.fd_ < 0) return failed("open");
  struct flock range = whole_file();
  if (::fcntl(lock.fd_, F_OFD_SETLK, &range) == 0) {
    return std::optional<FileLock>(std::move(lock));
  }
  if (errno == EAGAIN || errno == EACCES) return std::optional<FileLock>();
  return failed("lock");
}

Result<FileLock> FileLock::take(const std::filesystem::path& path, Time deadline) {
  constexpr Millis kPause{5};
  for (;;) {
    Result<std::optional<FileLock>> lock = try_take(path);
    if (!lock) return lock.error();
    if (*lock) return std::move(**lock);
    if (std::chrono::system_clock::now() >= deadline) {
      return transient(ErrorCode::kLocked, path.string() + " is still locked by another process");
    }
    std::this_thread::sleep_for(kPause);
  }
}

bool FileLock::held(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  struct flock range = whole_file();
  const bool tested = ::fcntl(fd, F_OFD_GETLK, &range) == 0;
  ::close(fd);
  return tested && range.l_type != F_UNLCK;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

}  // namespace rayctl::process
