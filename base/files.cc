#include "base/files.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace rayctl {

namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Error io_error(const std::string& doing, const std::filesystem::path& path, int error) {
  return permanent(ErrorCode::kIo, "cannot " + doing + " " + path.string() + ": " +
                                       std::generic_category().message(error));
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

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t most) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_error("read", path, errno);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return io_error("read", path, errno);
  if (S_ISDIR(about.st_mode)) return io_error("read", path, EISDIR);
  std::string bytes;
  if (about.st_size > 0) bytes.reserve(std::min(static_cast<std::size_t>(about.st_size), most) + 1);
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", path, errno);
    if (got == 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(got));
    if (bytes.size() > most) return io_error("read", path, EFBIG);
  }
}

Result<> write_file_atomic(const std::filesystem::path& path, std::string_view bytes,
                           unsigned mode) {
  std::string beside = (folder_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
  const auto failed = [&](int error) -> Result<> {
    ::unlink(beside.c_str());
    return io_error("write", path, error);
  };
  {
    const Fd file(::mkostemp(beside.data(), O_CLOEXEC));
    if (file.get() < 0) return io_error("write", path, errno);
    if (::fchmod(file.get(), mode) != 0 || !write_all(file.get(), bytes) ||
        ::fsync(file.get()) != 0) {
      return failed(errno);
    }
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed(errno);
  const Fd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return io_error("write", path, errno);
  return {};
}

Result<> make_directories(const std::filesystem::path& path, unsigned mode) {
  std::filesystem::path made;
  for (const std::filesystem::path& part : path) {
    made /= part;
    if (::mkdir(made.c_str(), mode) == 0) continue;
    const int error = errno;
    struct stat about {};
    if (::stat(made.c_str(), &about) != 0) return io_error("make folder", made, error);
    if (!S_ISDIR(about.st_mode)) return io_error("make folder", made, ENOTDIR);
  }
  return {};
}

std::string expand_home(std::string_view path, std::string_view home) {
  if (path == "~") return std::string(home);
  if (path.starts_with("~/")) return std::string(home) + std::string(path.substr(1));
  return std::string(path);
}

std::string home_directory() {
  if (std::string home = environment("HOME"); !home.empty()) return home;
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr && found->pw_dir != nullptr) {
    return found->pw_dir;
  }
  return "/";
}

std::filesystem::path state_home() {
  const std::filesystem::path chosen = environment("XDG_STATE_HOME");
  if (chosen.is_absolute()) return chosen / "rayctl";
  return std::filesystem::path(home_directory()) / ".local" / "state" / "rayctl";
}

}  // namespace rayctl
