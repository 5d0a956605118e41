#pragma once
#include <filesystem>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl::process {

/// A lock on a file that the kernel frees with its holder: an open file description lock
/// (fcntl(2), F_OFD_SETLK), which also excludes threads from each other and, unlike flock(2), can
/// be tested without being taken. The file is made if it is not there.
class FileLock {
 public:
  /// nullopt if somebody else holds it; kIo if the file cannot be opened.
  static Result<std::optional<FileLock>> try_take(const std::filesystem::path& path);
  /// Waits for it; kTransient when the deadline passes first.
  static Result<FileLock> take(const std::filesystem::path& path, Time deadline);
  /// Whether anybody holds it. Changes nothing; false if the file is not there.
  static bool held(const std::filesystem::path& path);

  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  int fd() const { return fd_; }

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace rayctl::process
