// measure RESULT SECONDS PROGRAM [argument...]: runs the program and writes to the file RESULT, as
// JSON, what it and the processes that it waited for have cost. After SECONDS its process group is
// killed and "status" is null.
//
// A program of its own because a child's peak memory counts that of the process which forked it:
// forked by Python, nothing could be smaller than Python.
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  const int timeout_ms = static_cast<int>(std::strtol(words[2], nullptr, 10)) * 1000;
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    ::execvp(words[3], words + 3);
    ::_exit(127);
  }
  pollfd ended{static_cast<int>(::syscall(SYS_pidfd_open, child, 0)), POLLIN, 0};
  const bool in_time = ::poll(&ended, 1, timeout_ms) == 1;
  if (!in_time) ::kill(-child, SIGKILL);
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;

  std::FILE* result = std::fopen(words[1], "we");
  if (result == nullptr) return 2;
  char code[16] = "null";
  if (in_time) {
    const int exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    std::snprintf(code, sizeof code, "%d", exit_status);
  }
  std::fprintf(result, "{\"wall_s\": %.6f, \"cpu_s\": %.6f, \"peak_bytes\": %ld, \"status\": %s}\n",
               wall.count(), seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss * 1024,
               code);
  return std::fclose(result) == 0 ? 0 : 2;
}
