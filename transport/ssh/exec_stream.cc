#include "transport/ssh/exec_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace rayctl {
namespace {

constexpr std::size_t kMostQueued = 4U << 20;  // output that the waiting thread has not taken
constexpr std::size_t kMostUnsent = 1U << 20;  // input that the socket has not taken
constexpr std::size_t kPiece = 1U << 15;
constexpr std::size_t kBite = 1U << 17;  // read from the request's stream at once
constexpr std::size_t kMostFed = 16;     // bites that the connection has not taken
constexpr Millis kDyingTime{2000};       // for a killed command to be gone

// Signal names as RFC 4254, 6.10, writes them.
int signal_number(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, int>, 13> kNames{{{"ABRT", SIGABRT},
                                                                     {"ALRM", SIGALRM},
                                                                     {"FPE", SIGFPE},
                                                                     {"HUP", SIGHUP},
                                                                     {"ILL", SIGILL},
                                                                     {"INT", SIGINT},
                                                                     {"KILL", SIGKILL},
                                                                     {"PIPE", SIGPIPE},
                                                                     {"QUIT", SIGQUIT},
                                                                     {"SEGV", SIGSEGV},
                                                                     {"TERM", SIGTERM},
                                                                     {"USR1", SIGUSR1},
                                                                     {"USR2", SIGUSR2}}};
  for (const auto& [known, number] : kNames) {
    if (known == name) return number;
  }
  return SIGKILL;
}

int exit_code_of(SshWire& wire, LIBSSH2_CHANNEL* channel) {
  char* name = nullptr;
  std::size_t size = 0;
  libssh2_channel_get_exit_signal(channel, &name, &size, nullptr, nullptr, nullptr, nullptr);
  if (name == nullptr) return libssh2_channel_get_exit_status(channel);
  const int code = 128 + signal_number({name, size});
  libssh2_free(wire.session(), name);
  return code;
}

}  // namespace

ExecStream::ExecStream(std::shared_ptr<const ExecRequest> request)
    : request_(std::move(request)), out_end_(request_->end), err_end_(request_->end) {}

Result<ExecStream::End> ExecStream::wait(Time deadline, const OutputSink& sink,
                                         const Hands& hands) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool news = changed_.wait_until(lock, deadline,
                                          [&] { return ended_ || !outputs_.empty() || hungry(); });
    if (!outputs_.empty()) {
      std::vector<Output> taken;
      taken.swap(outputs_);
      const bool full = queued_ >= kMostQueued;
      queued_ = 0;
      lock.unlock();
      if (full) hands.wake();
      if (sink) {
        for (const Output& output : taken)
          sink(output.bytes, output.is_stderr);
      }
      lock.lock();
      continue;
    }
    if (ended_) return *ended_;
    if (!news || ssh_now() >= deadline) break;
    feed(lock, hands);
  }
  unwanted_ = true;
  if (!started_) {
    return transient(ErrorCode::kConnectionLost, "the command could not be started in time");
  }
  // Servers obey the signal that we send on the channel, except sshd if the user is root.
  kill_ = true;
  const int group = group_;
  lock.unlock();
  hands.wake();
  if (group > 1 && hands.kill) hands.kill(group);
  lock.lock();
  changed_.wait_until(lock, ssh_now() + kDyingTime, [&] { return ended_.has_value(); });
  given_up_ = true;
  lock.unlock();
  hands.wake();
  return unknown_outcome(ErrorCode::kCommandFailed, "it did not end in time and was killed");
}

bool ExecStream::hungry() const {
  return request_->stream && started_ && !fed_all_ && fed_.size() < kMostFed;
}

void ExecStream::feed(std::unique_lock<std::mutex>& lock, const Hands& hands) {
  if (!hungry()) return;
  lock.unlock();
  std::string bite(kBite, '\0');
  bite.resize(request_->stream->read(bite.data(), bite.size()));
  lock.lock();
  fed_all_ = fed_all_ || bite.empty();
  const bool waited_for = fed_.empty();
  if (!bite.empty()) fed_.push_back(std::move(bite));
  if (!waited_for) return;
  lock.unlock();
  hands.wake();
  lock.lock();
}

LIBSSH2_CHANNEL* ExecStream::open(SshWire& wire) {
  return libssh2_channel_open_session(wire.session());
}

bool ExecStream::abandoned() {
  const std::lock_guard lock(mutex_);
  return unwanted_;
}

void ExecStream::finish(Result<End> end) {
  const std::lock_guard lock(mutex_);
  if (!ended_) ended_ = std::move(end);
  changed_.notify_all();
}

void ExecStream::fail(const Error& error) {
  bool started = false;
  {
    const std::lock_guard lock(mutex_);
    started = started_;
  }
  Error mine = error;
  if (started) mine.fault = Fault::kUnknown;
  finish(mine);
}

SshStream::Step ExecStream::step(SshWire& wire, LIBSSH2_CHANNEL* channel) {
  if (!running_) return start(wire, channel);
  bool die = false;
  {
    const std::lock_guard lock(mutex_);
    if (given_up_) return Step::kDone;
    die = kill_;
  }
  if (die && !told_to_die_) {
    const int result = libssh2_channel_signal_ex(channel, "KILL", 4);
    if (result == LIBSSH2_ERROR_EAGAIN) return Step::kIdle;
    told_to_die_ = input_broken_ = true;
    return Step::kMoved;
  }
  const Step received = receive(wire, channel);
  if (received != Step::kIdle) return received;
  const Step sent = send(wire, channel);
  if (sent != Step::kIdle) return sent;
  return look_for_end(wire, channel);
}

SshStream::Step ExecStream::start(SshWire& wire, LIBSSH2_CHANNEL* channel) {
  {
    const std::lock_guard lock(mutex_);
    if (unwanted_ && !started_) return Step::kDone;
    if (!started_) changed_.notify_all();
    started_ = true;
  }
  const int result = libssh2_channel_process_startup(channel, "exec", 4, request_->line.data(),
                                                     static_cast<unsigned>(request_->line.size()));
  if (result == LIBSSH2_ERROR_EAGAIN) return Step::kIdle;
  if (result == 0) {
    running_ = true;
    return Step::kMoved;
  }
  if (result != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) return Step::kLost;
  finish(permanent(ErrorCode::kCommandFailed,
                   "the node does not let us run commands: " + wire.last_error()));
  return Step::kDone;
}

// Puts what is to be sent next into piece_.
ExecStream::Next ExecStream::next_piece() {
  piece_done_ = 0;
  piece_.clear();
  if (input_done_ < request_->input.size()) {
    piece_ = request_->input.substr(input_done_, kPiece);
    input_done_ += piece_.size();
    return Next::kPiece;
  }
  if (!request_->stream) return Next::kEnd;
  const std::lock_guard lock(mutex_);
  if (fed_.empty()) return fed_all_ ? Next::kEnd : Next::kLater;
  piece_ = std::move(fed_.front());
  fed_.pop_front();
  changed_.notify_all();
  return Next::kPiece;
}

SshStream::Step ExecStream::send(SshWire& wire, LIBSSH2_CHANNEL* channel) {
  if (all_sent_ || input_broken_ || wire.unsent() > kMostUnsent) return Step::kIdle;
  if (piece_done_ == piece_.size()) {
    const Next next = next_piece();
    if (next == Next::kLater) return Step::kIdle;
    if (next == Next::kEnd) {
      const int result = libssh2_channel_send_eof(channel);
      if (result == LIBSSH2_ERROR_EAGAIN) return Step::kIdle;
      all_sent_ = true;
      return Step::kMoved;
    }
  }
  const ssize_t sent =
      libssh2_channel_write(channel, piece_.data() + piece_done_, piece_.size() - piece_done_);
  if (sent == 0 || sent == LIBSSH2_ERROR_EAGAIN) return Step::kIdle;
  if (sent == LIBSSH2_ERROR_CHANNEL_CLOSED || sent == LIBSSH2_ERROR_CHANNEL_EOF_SENT) {
    input_broken_ = true;
    const std::lock_guard lock(mutex_);
    fed_all_ = true;
    return Step::kMoved;
  }
  if (sent < 0) return Step::kLost;
  piece_done_ += static_cast<std::size_t>(sent);
  return Step::kMoved;
}

SshStream::Step ExecStream::receive(SshWire&, LIBSSH2_CHANNEL* channel) {
  {
    const std::lock_guard lock(mutex_);
    if (queued_ >= kMostQueued) return Step::kIdle;
  }
  Step step = Step::kIdle;
  std::array<char, kPiece> buffer;
  for (const bool is_stderr : {false, true}) {
    const ssize_t got = libssh2_channel_read_ex(channel, is_stderr ? SSH_EXTENDED_DATA_STDERR : 0,
                                                buffer.data(), buffer.size());
    if (got == LIBSSH2_ERROR_EAGAIN || got == 0) continue;
    if (got < 0) return Step::kLost;
    step = Step::kMoved;
    OutputEnd& end = is_stderr ? err_end_ : out_end_;
    std::string bytes = end.add({buffer.data(), static_cast<std::size_t>(got)});
    const std::lock_guard lock(mutex_);
    group_ = end.pid().value_or(group_);
    if (bytes.empty()) continue;
    if (unwanted_) continue;
    queued_ += bytes.size();
    if (!outputs_.empty() && outputs_.back().is_stderr == is_stderr) {
      outputs_.back().bytes += bytes;
    } else {
      outputs_.push_back({std::move(bytes), is_stderr});
    }
    changed_.notify_all();
  }
  return step;
}

SshStream::Step ExecStream::look_for_end(SshWire& wire, LIBSSH2_CHANNEL* channel) {
  if (out_end_.code() && err_end_.code()) {
    finish(End{*out_end_.code()});
    return Step::kDone;
  }
  if (libssh2_channel_eof(channel) != 1) return Step::kIdle;
  {
    const std::lock_guard lock(mutex_);
    if (queued_ >= kMostQueued) return Step::kIdle;
  }
  if (libssh2_channel_wait_closed(channel) == LIBSSH2_ERROR_EAGAIN) return Step::kIdle;
  {
    const std::lock_guard lock(mutex_);
    for (const bool is_stderr : {false, true}) {
      std::string rest = (is_stderr ? err_end_ : out_end_).rest();
      if (!rest.empty()) outputs_.push_back({std::move(rest), is_stderr});
    }
  }
  finish(End{exit_code_of(wire, channel)});
  return Step::kDone;
}

}  // namespace rayctl
