#include "transport/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace rayctl {
namespace {

struct Pipe {
  Fd read, write;
};

// A pipe whose `ours` end never makes us wait.
int open_pipe(Pipe& pipe, const Fd& ours) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
  pipe.read.reset(ends[0]);
  pipe.write.reset(ends[1]);
  return ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

// A file in memory rather than a pipe: nothing has to be fed while the program runs, and one that
// does not read its input cannot send us SIGPIPE.
int open_input(std::string_view bytes, Fd& fd) {
  if (bytes.empty()) {
    fd.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return fd ? 0 : errno;
  }
  Fd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file) return errno;
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) < 0) return errno;
  fd = std::move(file);
  return 0;
}

class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void arrange(const std::string& folder, int in, int out, int err) {
    ::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    ::posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  int spawn(pid_t& pid, const char* path, char* const* argv, char* const* env) {
    return ::posix_spawn(&pid, path, &actions_, &attributes_, argv, env);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

SpawnOutcome spawn_child(const ChildRequest& request) {
  SpawnOutcome outcome;
  Fd input;
  Pipe in, out, err;
  const int opened = request.pipe ? open_pipe(in, in.write) : open_input(request.input, input);
  if (request.pipe) input = std::move(in.read);
  for (const int error : {opened, open_pipe(out, out.read), open_pipe(err, err.read)}) {
    if (error != 0) {
      outcome.error = error;
      return outcome;
    }
  }
  std::vector<std::string> argv = request.argv;
  std::vector<std::string> env;
  for (const auto& [key, value] : request.env)
    env.emplace_back(key).append("=").append(value);
  SpawnPlan plan;
  plan.arrange(request.folder, input.get(), out.write.get(), err.write.get());
  ChildProcess& child = outcome.child;
  outcome.error =
      plan.spawn(child.pid, argv.front().c_str(), pointers(argv).data(), pointers(env).data());
  if (outcome.error != 0) return outcome;
  child.ended.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  child.out = std::move(out.read);
  child.err = std::move(err.read);
  child.in = std::move(in.write);
  if (!child.ended) {
    outcome.error = errno;
    ::kill(-child.pid, SIGKILL);
    reap_child(child.pid);
  }
  return outcome;
}

std::string find_program(const std::string& name, const std::map<std::string, std::string>& env) {
  if (name.find('/') != std::string::npos) return name;
  const auto path = env.find("PATH");
  const std::string folders = path != env.end() ? path->second : "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& folder : split(folders, ':')) {
    std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "/nonexistent/" + name;
}

ssize_t write_quietly(const Fd& pipe, std::string_view bytes) {
  // The signal is held back on this thread and taken away.
  sigset_t broken, before;
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  const ssize_t written = ::write(pipe.get(), bytes.data(), bytes.size());
  const int why = errno;
  if (written < 0 && why == EPIPE) {
    const timespec now{};
    while (::sigtimedwait(&broken, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = why;
  return written;
}

int reap_child(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  return WEXITSTATUS(status);
}

}  // namespace rayctl
