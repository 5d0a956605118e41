#include "cli/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace rayctl {
namespace {

// A handler may only touch what is async-signal-safe: a number and a pipe.
volatile sig_atomic_t caught_signal = 0;
int wake_pipe[2] = {-1, -1};

void end_now(int number) {
  _exit(128 + number);
}

void on_signal(int number) {
  if (caught_signal != 0) end_now(number);
  caught_signal = number;
  char byte = 1;
  [[maybe_unused]] ssize_t written = write(wake_pipe[1], &byte, 1);
}

}  // namespace

void end_on_signals() {
  struct sigaction action {};
  action.sa_handler = end_now;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

struct SignalGuard::State {
  std::stop_source source;
  struct sigaction old_int {
  }, old_term{};
  std::thread waiter;
};

SignalGuard::SignalGuard(std::function<void(int)> told) : state_(std::make_unique<State>()) {
  caught_signal = 0;
  if (pipe2(wake_pipe, O_CLOEXEC) != 0) return;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &state_->old_int);
  sigaction(SIGTERM, &action, &state_->old_term);
  state_->waiter = std::thread([state = state_.get(), told = std::move(told)] {
    char byte = 0;
    ssize_t got = 0;
    do {
      got = read(wake_pipe[0], &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1) return;
    if (caught_signal != 0) {
      state->source.request_stop();
      if (told) told(caught_signal);
    }
  });
}

SignalGuard::~SignalGuard() {
  if (!state_->waiter.joinable()) return;
  sigaction(SIGINT, &state_->old_int, nullptr);
  sigaction(SIGTERM, &state_->old_term, nullptr);
  close(wake_pipe[1]);
  state_->waiter.join();
  close(wake_pipe[0]);
  wake_pipe[0] = wake_pipe[1] = -1;
}

std::stop_token SignalGuard::token() const {
  return state_->source.get_token();
}

int SignalGuard::caught() const {
  return caught_signal;
}

}  // namespace rayctl
