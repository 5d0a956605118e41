#pragma once
#include <functional>
#include <memory>
#include <stop_token>

namespace rayctl {

/// From now on SIGINT and SIGTERM end the process at once with status 130 or 143, and writing to a
/// closed pipe is an error instead of the end.
void end_on_signals();

/// While it lives, the first SIGINT or SIGTERM asks the run to stop (finish what is in flight,
/// begin nothing new) and the second one ends the process at once. One at a time in a process.
class SignalGuard {
 public:
  /// `told` is called once, on another thread, when the first signal comes.
  explicit SignalGuard(std::function<void(int signal)> told);
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  std::stop_token token() const;
  /// The signal that came, or 0.
  int caught() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rayctl
