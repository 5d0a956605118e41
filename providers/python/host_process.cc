#include "providers/python/host_process.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "providers/python/host_text.h"

namespace rayctl::python {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kLongestLine = 64U << 20;
constexpr std::size_t kWords = 1U << 16;
constexpr std::size_t kShownLines = 20;
// How much longer than the host we wait: it says where a method hangs.
constexpr Millis kGrace{2'000};
constexpr Millis kClose{200};
// Reads the host's source from standard input and runs it.
constexpr char kLoader[] =
    "import sys;exec(compile(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())),"
    "'rayctl_provider_host.py','exec'))";

int left(Steady::time_point until) {
  const auto millis = std::chrono::duration_cast<Millis>(until - Steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(millis, 0, 1'000'000));
}

std::string how_it_ended(int status) {
  if (status > 128 && status < 128 + 65) {
    return "its process was ended by signal " + std::to_string(status - 128);
  }
  return "its process ended with status " + std::to_string(status);
}

}  // namespace

std::unique_ptr<HostProcess> HostProcess::start(const HostSettings& settings, Millis patience,
                                                HostFailure& why) {
  why = {.kind = "start", .method = "", .node = "", .message = "", .lines = {}};
  ChildRequest request{.argv = {find_program(settings.python, settings.env), "-c", kLoader},
                       .env = settings.env,
                       .folder = settings.folder,
                       .input = "",
                       .pipe = true};
  SpawnOutcome spawned = spawn_child(request);
  if (spawned.error != 0) {
    why.message = "the interpreter `" + settings.python +
                  "` cannot be started: " + std::strerror(spawned.error) +
                  "; provider.python names another";
    return nullptr;
  }
  std::unique_ptr<HostProcess> host(new HostProcess(std::move(spawned.child)));
  if (!host->greeted(patience, why)) return nullptr;
  return host;
}

HostProcess::HostProcess(ChildProcess child)
    : child_(std::move(child)), wake_(::eventfd(0, EFD_CLOEXEC)) {
  listener_ = std::thread([this] { listen(); });
}

HostProcess::~HostProcess() {
  {
    std::unique_lock lock(mutex_);
    if (!ended_ && greeted_) {
      lock.unlock();
      send(R"({"id":0,"op":"close","seconds":1})"
           "\n",
           Steady::now() + kClose);
      lock.lock();
      changed_.wait_for(lock, kClose, [&] { return ended_; });
    }
  }
  kill();
  wake();
  listener_.join();
  const std::lock_guard guard(mutex_);
  if (!ended_) reap_child(child_.pid);
}

bool HostProcess::greeted(Millis patience, HostFailure& why) {
  const Steady::time_point until = Steady::now() + patience;
  const std::string_view text = host_text();
  std::string source = std::to_string(text.size()) + "\n";
  source += text;
  const bool sent = send(source, until);
  std::unique_lock lock(mutex_);
  if (sent && changed_.wait_until(lock, until, [&] { return greeted_ || ended_; }) && greeted_) {
    return true;
  }
  why.message = ended_ ? how_it_ended(status_) + " before it was ready" : "it did not get ready";
  why.lines = last_lines(trim(words_), kShownLines);
  return false;
}

HostAnswer HostProcess::call(const std::string& op, Json arguments, Millis patience) {
  const Steady::time_point until = Steady::now() + std::max(patience, Millis{0}) + kGrace;
  std::unique_lock lock(mutex_);
  if (ended_) return {.ok = {}, .failure = ended_failure()};
  const std::int64_t id = ++next_;
  answers_[id] = nullptr;
  lock.unlock();
  arguments["id"] = id;
  arguments["op"] = op;
  arguments["seconds"] = static_cast<double>(std::max<std::int64_t>(patience.count(), 1)) / 1000;
  const bool sent =
      send(arguments.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n", until);
  lock.lock();
  const auto answered = [&] { return !answers_[id].is_null(); };
  if (sent) changed_.wait_until(lock, until, [&] { return answered() || ended_; });
  Json line = std::move(answers_[id]);
  answers_.erase(id);
  if (!line.is_null()) {
    HostAnswer answer = read_answer(std::move(line));
    if (answer.failure && answer.failure->lines.empty()) {
      answer.failure->lines = last_lines(trim(words_), kShownLines);
    }
    return answer;
  }
  if (ended_) return {.ok = {}, .failure = ended_failure()};
  lock.unlock();
  kill();
  return {.ok = {},
          .failure = HostFailure{.kind = "silent",
                                 .method = "",
                                 .node = "",
                                 .message = "no answer to `" + op + "` within " +
                                            std::to_string(patience.count() / 1000) + " s",
                                 .lines = last_words()}};
}

HostFailure HostProcess::ended_failure() {
  return {.kind = "ended",
          .method = "",
          .node = "",
          .message = too_large_ ? "it sent a line of more than 64 MiB" : how_it_ended(status_),
          .lines = last_lines(trim(words_), kShownLines)};
}

void HostProcess::kill() {
  const std::lock_guard guard(mutex_);
  killed_ = true;
  // Once it has ended the number may be another's.
  if (!ended_) ::kill(-child_.pid, SIGKILL);
}

bool HostProcess::alive() {
  const std::lock_guard guard(mutex_);
  return !ended_ && !killed_;
}

std::vector<std::string> HostProcess::last_words() {
  const std::lock_guard guard(mutex_);
  return last_lines(trim(words_), kShownLines);
}

bool HostProcess::send(const std::string& bytes, Steady::time_point until) {
  const std::lock_guard guard(sending_);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t written = write_quietly(child_.in, rest);
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    pollfd ready{.fd = child_.in.get(), .events = POLLOUT, .revents = 0};
    const int wait = left(until);
    if (wait == 0 || ::poll(&ready, 1, wait) == 0) return false;
  }
  return true;
}

// Takes answers and what is printed until the process has ended, or the object does.
void HostProcess::listen() {
  for (bool open = true; open;) {
    std::array<pollfd, 4> wait{pollfd{.fd = child_.out.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = child_.err.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = child_.ended.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return;
    if (wait[3].revents != 0) return;
    const bool gone = wait[2].revents != 0;
    take_words();
    open = take_output() && !gone;
    if (gone || !open) break;
  }
  // Whatever closed its pipe is of no more use.
  ::kill(-child_.pid, SIGKILL);
  const int status = reap_child(child_.pid);
  take_words();
  const std::lock_guard guard(mutex_);
  ended_ = true;
  status_ = status;
  changed_.notify_all();
}

bool HostProcess::take_output() {
  std::array<char, 1U << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(child_.out.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) return false;
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
    if (buffer[static_cast<std::size_t>(got) - 1] == '\n') take_lines();
    if (unread_.size() <= kLongestLine) continue;
    const std::lock_guard guard(mutex_);
    too_large_ = true;
    return false;
  }
  take_lines();
  return true;
}

void HostProcess::take_lines() {
  std::size_t begin = 0;
  for (std::size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1)
    take_line(std::string_view(unread_).substr(begin, end - begin));
  unread_.erase(0, begin);
}

void HostProcess::take_line(std::string_view line) {
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return;
  const std::lock_guard guard(mutex_);
  if (json.contains("rayctl_provider_host")) {
    greeted_ = true;
    python_ = json.value("python", "");
  } else if (const auto id = json.find("id"); id != json.end() && id->is_number_integer()) {
    const auto waiting = answers_.find(id->get<std::int64_t>());
    if (waiting == answers_.end()) return;
    waiting->second = std::move(json);
  }
  changed_.notify_all();
}

void HostProcess::take_words() {
  std::array<char, 1U << 14> buffer;
  for (;;) {
    const ssize_t got = ::read(child_.err.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      child_.err.reset();
      return;
    }
    const std::lock_guard guard(mutex_);
    words_.append(buffer.data(), static_cast<std::size_t>(got));
    if (words_.size() > 2 * kWords) words_.erase(0, words_.size() - kWords);
  }
}

void HostProcess::wake() {
  const std::uint64_t one = 1;
  // A full counter wakes as well.
  const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  static_cast<void>(written);
}

}  // namespace rayctl::python
