#include "transport/local_runner.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/files.h"
#include "base/text.h"
#include "transport/child_process.h"
#include "transport/local_files.h"

namespace rayctl {
namespace {

Time now() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

// The last `most` bytes of a stream, in at most twice the memory.
class Tail {
 public:
  explicit Tail(std::size_t most) : most_(most) {}
  void add(std::string_view piece) {
    kept_ += piece;
    if (kept_.size() > 2 * most_) kept_.erase(0, kept_.size() - most_);
  }
  std::string take() {
    if (kept_.size() > most_) kept_.erase(0, kept_.size() - most_);
    return std::move(kept_);
  }

 private:
  std::size_t most_;
  std::string kept_;
};

// Reads what is there; false at the end of the stream.
bool read_available(Fd& fd, Tail& tail, bool is_stderr, const OutputSink& sink) {
  std::array<char, 1U << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) {
      fd.reset();
      return false;
    }
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
    tail.add(piece);
    if (sink) sink(piece, is_stderr);
  }
}

// Input that a program takes as it can.
class Feeder {
 public:
  Feeder(Fd pipe, const Command& command) : pipe_(std::move(pipe)), stream_(command.stream) {
    if (pipe_) bite_ = command.input;
  }
  int fd() const { return pipe_.get(); }
  void feed() {
    if (done_ == bite_.size()) {
      done_ = 0;
      bite_.resize(1U << 17);
      bite_.resize(stream_->read(bite_.data(), bite_.size()));
    }
    if (bite_.empty() || !write()) pipe_.reset();
  }

 private:
  bool write() {
    const ssize_t written = write_quietly(pipe_, std::string_view(bite_).substr(done_));
    const int why = errno;
    if (written >= 0) done_ += static_cast<std::size_t>(written);
    return written >= 0 || why == EAGAIN || why == EINTR;
  }

  Fd pipe_;
  const std::shared_ptr<ByteSource> stream_;
  std::string bite_;
  std::size_t done_ = 0;
};

}  // namespace

LocalRunner::LocalRunner(LocalRunnerSettings settings) : settings_(std::move(settings)) {
  settings_.env["HOME"] = settings_.home;
  settings_.env["PWD"] = settings_.home;
}

Result<CommandOutput> LocalRunner::run(const Command& command, Time deadline,
                                       const OutputSink& sink) {
  if (command.argv.empty()) return permanent(ErrorCode::kInternal, "a command without a program");
  const std::string name = command.argv.front();
  ChildRequest request{command.argv, settings_.env, settings_.home,
                       command.stream ? "" : command.input, command.stream != nullptr};
  for (const auto& [key, value] : command.env)
    request.env[key] = value;
  request.argv.front() = find_program(expand(name), request.env);
  SpawnOutcome spawned = spawn_child(request);
  if (spawned.error == ENOENT || spawned.error == ENOTDIR) {
    return CommandOutput{127, "", name + ": not found\n"};
  }
  if (spawned.error == EACCES || spawned.error == ENOEXEC) {
    return CommandOutput{126, "", name + ": " + std::strerror(spawned.error) + "\n"};
  }
  if (spawned.error != 0) {
    const std::string message = "cannot start " + name + ": " + std::strerror(spawned.error);
    const bool passing = spawned.error == EAGAIN || spawned.error == ENOMEM ||
                         spawned.error == EMFILE || spawned.error == ENFILE;
    return passing ? transient(ErrorCode::kCommandFailed, message)
                   : permanent(ErrorCode::kCommandFailed, message);
  }

  ChildProcess& child = spawned.child;
  Tail out(settings_.keep), err(settings_.keep);
  Feeder input(std::move(child.in), command);
  bool ended = false;
  while (!ended) {
    const Millis left = deadline - now();
    if (left <= Millis{0}) {
      ::kill(-child.pid, SIGKILL);
      reap_child(child.pid);
      return unknown_outcome(ErrorCode::kCommandFailed,
                             name + " did not end in time and was killed");
    }
    std::array<pollfd, 4> waits{{{child.out.get(), POLLIN, 0},
                                 {child.err.get(), POLLIN, 0},
                                 {child.ended.get(), POLLIN, 0},
                                 {input.fd(), POLLOUT, 0}}};
    const auto timeout = static_cast<int>(std::min<Millis::rep>(left.count(), 60'000));
    if (::poll(waits.data(), waits.size(), timeout) < 0) continue;
    ended = waits[2].revents != 0;
    if (child.out) read_available(child.out, out, false, sink);
    if (child.err) read_available(child.err, err, true, sink);
    if (waits[3].revents != 0 && !ended) input.feed();
  }
  const int exit_code = reap_child(child.pid);
  if (exit_code < 0) {
    return unknown_outcome(ErrorCode::kCommandFailed, "how " + name + " ended is not known");
  }
  return CommandOutput{exit_code, out.take(), err.take()};
}

std::string LocalRunner::expand(const std::string& path) const {
  return expand_home(path, settings_.home);
}

std::string LocalRunner::scratch() const {
  return settings_.home + "/.rayctl/tmp";
}

Result<std::string> LocalRunner::writable(const std::string& path) const {
  std::filesystem::path full = expand(path);
  if (full.is_relative()) full = std::filesystem::path(settings_.home) / full;
  full = full.lexically_normal();
  if (settings_.confined) {
    const std::filesystem::path below =
        full.lexically_relative(std::filesystem::path(settings_.home).lexically_normal());
    if (below.empty() || *below.begin() == "..") {
      return permanent(ErrorCode::kNotSupported,
                       path + " is outside of the node's folder; use a path that starts with ~/");
    }
  }
  return full.string();
}

Result<> LocalRunner::may_write(const std::string& to) const {
  const Result<std::string> place = writable(to);
  if (!place) return place.error();
  return {};
}

Result<> LocalRunner::upload(const std::filesystem::path& from, const std::string& to,
                             unsigned mode, Time) {
  Result<std::string> place = writable(to);
  if (!place) return place.error();
  return replace_with_copy(*place, from, mode, scratch());
}

Result<> LocalRunner::download(const std::string& from, const std::filesystem::path& to, Time) {
  std::filesystem::path source = expand(from);
  if (source.is_relative()) source = std::filesystem::path(settings_.home) / source;
  return replace_with_copy(to.string(), source, 0600);
}

Result<> LocalRunner::put(std::string_view bytes, const std::string& to, unsigned mode, Time) {
  Result<std::string> place = writable(to);
  if (!place) return place.error();
  return replace_file(*place, bytes, mode, scratch());
}

}  // namespace rayctl
