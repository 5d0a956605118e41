#pragma once
#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// A started program: leader of its own process group, with pipes on its two outputs.
struct ChildProcess {
  pid_t pid = 0;
  Fd ended;     ///< a pidfd: readable once the program has ended
  Fd out, err;  ///< read ends, non-blocking
  Fd in;        ///< write end, non-blocking; only if the request asked for a pipe
};

struct ChildRequest {
  std::vector<std::string> argv;  ///< argv[0] is a path
  std::map<std::string, std::string> env;
  std::string folder;  ///< working folder
  std::string input;   ///< standard input, from a file without a name
  bool pipe = false;   ///< standard input from a pipe instead, for the caller to fill
};

/// Starts a program; safe in a program with threads. The error number if it could not be started.
struct SpawnOutcome {
  int error = 0;
  ChildProcess child;
};
SpawnOutcome spawn_child(const ChildRequest& request);

/// Where the PATH of `env` finds a program; the name itself if it has a slash, and a path that is
/// not there if it is not found.
std::string find_program(const std::string& name, const std::map<std::string, std::string>& env);

/// As write(2) to a pipe; a reader that is gone is EPIPE alone, and no SIGPIPE.
ssize_t write_quietly(const Fd& pipe, std::string_view bytes);

/// Collects a child that has ended: its exit code, 128 + signal if one killed it, -1 if somebody
/// else collected it.
int reap_child(pid_t pid);

}  // namespace rayctl
