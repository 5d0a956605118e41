#include "providers/process/supervisor.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <optional>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "providers/process/file_lock.h"
#include "providers/process/node_folder.h"
#include "providers/process/node_root.h"
#include "providers/process/reap.h"

namespace rayctl::process {
namespace {

constexpr Millis kGrace{30'000};      // how long `ray start` drains (Ray 2.60, node.py)
constexpr Millis kBirthTime{20'000};  // for another supervisor to say who it is

// Leaves everything of the caller behind but the pipe.
void detach(const NodeFolder& folder, int pipe) {
  ::setsid();
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE})
    std::signal(signal, SIG_IGN);
  const int null = ::open("/dev/null", O_RDONLY);
  const int log =
      ::open(folder.file("supervisor.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  constexpr int kPipe = STDERR_FILENO + 1;
  if (pipe != kPipe) ::dup2(pipe, kPipe);
  ::close_range(kPipe + 1, ~0U, 0);
  ::fcntl(kPipe, F_SETFD, FD_CLOEXEC);
  static_cast<void>(::chdir("/") == 0);
}

void report(const std::string& line) {
  constexpr int kPipe = STDERR_FILENO + 1;
  static_cast<void>(::write(kPipe, line.data(), line.size()) > 0);
  ::close(kPipe);
}

// The life lock; nullopt once another supervisor that lives has said who it is.
Result<std::optional<FileLock>> take_life(const NodeFolder& folder) {
  const auto until = std::chrono::system_clock::now() + kBirthTime;
  for (;;) {
    Result<std::optional<FileLock>> lock = FileLock::try_take(folder.life_lock());
    if (!lock || *lock) return lock;
    const std::optional<Identity> other = folder.identity();
    if (other && alive(*other)) return std::optional<FileLock>();
    if (std::chrono::system_clock::now() >= until) {
      return transient(ErrorCode::kLaunchFailed, "the node's lock is held by an unknown process");
    }
    std::this_thread::sleep_for(Millis{10});
  }
}

// Waits for the signal to end. False if the folder was removed meanwhile: a node that no list can
// show any more must not run on. Looked at several times, so that a hiccup ends nothing.
bool wait_for_end(const NodeFolder& folder, const sigset_t& ending) {
  constexpr timespec kBetween{2, 0};
  constexpr int kMisses = 3;
  for (int missing = 0; missing < kMisses;) {
    if (::sigtimedwait(&ending, nullptr, &kBetween) > 0) return true;
    missing = folder.exists() || errno != ENOENT ? 0 : missing + 1;
  }
  return false;
}

// The life of the supervisor; the answer is its exit code.
int live(const NodeFolder& folder) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &ending, nullptr);
  Result<std::optional<FileLock>> lock = take_life(folder);
  if (!lock) {
    report("error " + lock.error().message);
    return 1;
  }
  if (!*lock) {
    report("id " + folder.id().text);
    return 0;
  }
  if (folder.stillborn()) {
    report("error the node was given up before it was born");
    return 1;
  }
  const bool lived_before = ::unlink(folder.file("id").c_str()) == 0;
  ::unlink(folder.file("stopping").c_str());
  if (lived_before) end_processes(folder.path(), Millis{0});
  const std::optional<Identity> self = identity_of(::getpid());
  const Result<> written = self ? write_file_atomic(folder.file("id"), to_text(*self) + "\n")
                                : unknown_outcome(ErrorCode::kIo, "cannot read /proc");
  if (!written) {
    report("error " + written.error().message);
    return 1;
  }
  report("id " + to_text(*self));
  const Result<NodeFacts> facts = folder.facts();
  if (!wait_for_end(folder, ending)) {
    end_processes(folder.path(), kGrace);
    if (facts) NodeRoot::discard_temp(*facts);
    return 0;
  }
  static_cast<void>(write_file_atomic(folder.file("stopping"), "").ok());
  if (!end_processes(folder.path(), kGrace)) {
    std::cerr << "some processes of the node could not be ended\n";
    return 1;
  }
  NodeRoot::discard(folder);
  return 0;
}

}  // namespace

int run_supervisor(const std::string& path) {
  std::error_code failed;
  const NodeFolder folder(std::filesystem::canonical(path, failed));
  int ends[2];
  if (failed || !folder.exists() || ::pipe2(ends, O_CLOEXEC) != 0) {
    std::cerr << path << " is not the folder of a node\n";
    return 1;
  }
  const pid_t child = ::fork();
  if (child < 0) {
    std::cerr << "cannot start a process\n";
    return 1;
  }
  if (child == 0) {
    detach(folder, ends[1]);
    std::_Exit(live(folder));
  }
  ::close(ends[1]);
  std::string answer;
  std::array<char, 512> buffer;
  for (ssize_t got; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  if (answer.starts_with("id ")) {
    std::cout << answer.substr(3) << std::endl;
    return 0;
  }
  std::cerr << (answer.starts_with("error ") ? answer.substr(6)
                                             : "the node's supervisor ended at once")
            << '\n';
  return 1;
}

}  // namespace rayctl::process
