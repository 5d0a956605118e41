#include "cli/terminal.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace rayctl {
namespace {

std::atomic<pid_t> program{0};

void hand_on(int number) {
  const pid_t pid = program;
  if (pid > 0) kill(pid, number);
}

/// Leaves Ctrl-C and Ctrl-\ to the program while it lives.
class Handed {
 public:
  Handed() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      struct sigaction action {};
      action.sa_handler = i < 2 ? SIG_IGN : hand_on;
      action.sa_flags = SA_RESTART;
      sigaction(kSignals[i], &action, &old_[i]);
    }
  }
  ~Handed() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
      sigaction(kSignals[i], &old_[i], nullptr);
  }
  Handed(const Handed&) = delete;
  Handed& operator=(const Handed&) = delete;

 private:
  static constexpr std::array<int, 4> kSignals{SIGINT, SIGQUIT, SIGTERM, SIGHUP};
  std::array<struct sigaction, 4> old_{};
};

}  // namespace

Result<int> run_in_terminal(const std::vector<std::string>& argv) {
  std::vector<std::string> words = argv;
  std::vector<char*> pointers;
  for (std::string& word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const Handed handed;
  pid_t pid = 0;
  const int error =
      posix_spawnp(&pid, words.front().c_str(), nullptr, &attributes, pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return permanent(ErrorCode::kIo, "cannot start " + words.front() + ": " + std::strerror(error));
  }
  program = pid;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  program = 0;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace rayctl
