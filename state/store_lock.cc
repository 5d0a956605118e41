#include "state/store_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "base/files.h"
#include "model/json.h"

namespace rayctl {

namespace {

constexpr Millis kPoll{100};

Error lock_error(const std::filesystem::path& path, int error) {
  return permanent(ErrorCode::kIo,
                   "cannot lock " + path.string() + ": " + std::generic_category().message(error));
}

class FileLock final : public StoreLock {
 public:
  explicit FileLock(int fd) : fd_(fd) {}
  ~FileLock() override {
    if (held_) write("");
    ::close(fd_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// 0, or the errno: EAGAIN or EACCES while someone else holds it.
  int try_lock() {
    struct flock wish {};
    wish.l_type = F_WRLCK;
    wish.l_whence = SEEK_SET;
    if (::fcntl(fd_, F_OFD_SETLK, &wish) != 0) return errno;
    held_ = true;
    return 0;
  }
  bool write(std::string_view text) const {
    return ::ftruncate(fd_, 0) == 0 &&
           ::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  }
  std::string read() const {
    std::array<char, 4096> text;
    const ssize_t got = ::pread(fd_, text.data(), text.size(), 0);
    return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }
  bool held_by_other() const {
    struct flock wish {};
    wish.l_type = F_WRLCK;
    wish.l_whence = SEEK_SET;
    return ::fcntl(fd_, F_OFD_GETLK, &wish) == 0 && wish.l_type != F_UNLCK;
  }

 private:
  int fd_;
  bool held_ = false;
};

std::string text_of(const LockInfo& info) {
  return Json{{"who", info.who},
              {"pid", info.pid},
              {"purpose", info.purpose},
              {"since", format_time(info.since)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A holder that has only just come may not have written itself down yet.
LockInfo info_of(const std::string& text) {
  LockInfo info{.who = "someone", .purpose = "starting"};
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return info;
  const auto string_at = [&](const char* key, const std::string& otherwise) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : otherwise;
  };
  info.who = string_at("who", info.who);
  info.purpose = string_at("purpose", info.purpose);
  info.since = parse_time(string_at("since", ""));
  const auto pid = json.find("pid");
  if (pid != json.end() && pid->is_number_integer()) info.pid = pid->get<std::int64_t>();
  return info;
}

}  // namespace

std::string describe_holder(const LockInfo& holder, Time now) {
  std::string text = holder.who + ": " + holder.purpose;
  if (holder.pid != 0) {
    const std::string since = format_time(holder.since).substr(11, 8);
    text += " (pid " + std::to_string(holder.pid) + ", since " + since + " UTC, " +
            format_age(now - holder.since) + " ago)";
  }
  return text;
}

Result<std::unique_ptr<StoreLock>> lock_file(const std::filesystem::path& path,
                                             const LockInfo& mine, Millis patience, Clock& clock) {
  if (Result<> made = make_directories(path.parent_path()); !made) return made.error();
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return lock_error(path, errno);
  auto lock = std::make_unique<FileLock>(fd);
  const Time start = clock.now();
  for (;;) {
    const int error = lock->try_lock();
    if (error == 0) break;
    if (error != EAGAIN && error != EACCES && error != EINTR) return lock_error(path, error);
    const Millis left = patience - (clock.now() - start);
    if (left <= Millis{0}) {
      return conflict(ErrorCode::kLocked,
                      "the cluster is locked by " +
                          describe_holder(info_of(lock->read()), clock.now()) +
                          ". Wait with --lock-timeout 5m, or see it: rayctl state lock");
    }
    clock.sleep(std::min(left, kPoll), {});
  }
  if (!lock->write(text_of(mine))) return lock_error(path, errno);
  return std::unique_ptr<StoreLock>(std::move(lock));
}

Result<std::optional<LockInfo>> lock_holder(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<LockInfo>();
    return lock_error(path, errno);
  }
  const FileLock file(fd);
  if (!file.held_by_other()) return std::optional<LockInfo>();
  return std::optional(info_of(file.read()));
}

}  // namespace rayctl
