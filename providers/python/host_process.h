#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "providers/python/host_answer.h"
#include "transport/child_process.h"

namespace rayctl::python {

/// What a host is started with.
struct HostSettings {
  std::string python = "python3";          ///< the interpreter: a path, or a name for PATH
  std::map<std::string, std::string> env;  ///< its whole environment
  std::string folder;                      ///< its working folder
};

/// A process that runs a provider class (docs/formats/provider_host.md). It and all that it started
/// in its group end with the object. Thread-safe.
class HostProcess {
 public:
  /// Starts the interpreter and waits for its greeting; on failure `why` says it.
  static std::unique_ptr<HostProcess> start(const HostSettings& settings, Millis patience,
                                            HostFailure& why);
  ~HostProcess();
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  /// Sends a request and waits for its answer, a little longer than the host itself has for it: a
  /// host that says nothing even then is killed.
  HostAnswer call(const std::string& op, Json arguments, Millis patience);
  /// Ends it and its group with SIGKILL.
  void kill();
  bool alive();
  /// The last lines that it and the class printed.
  std::vector<std::string> last_words();
  /// The interpreter's version, as it greeted.
  const std::string& python() const { return python_; }

 private:
  explicit HostProcess(ChildProcess child);
  bool greeted(Millis patience, HostFailure& why);
  bool send(const std::string& bytes, std::chrono::steady_clock::time_point until);
  HostFailure ended_failure();
  void listen();
  bool take_output();
  void take_lines();
  void take_line(std::string_view line);
  void take_words();
  void wake();

  ChildProcess child_;
  Fd wake_;  ///< eventfd: listen() is to return
  std::string unread_;
  std::mutex sending_;
  std::mutex mutex_;  ///< of all that follows
  std::condition_variable changed_;
  std::map<std::int64_t, Json> answers_;  ///< by request, null while it is waited for
  std::int64_t next_ = 0;
  std::string words_, python_;
  bool greeted_ = false, killed_ = false, ended_ = false, too_large_ = false;
  int status_ = 0;
  std::thread listener_;
};

}  // namespace rayctl::python
