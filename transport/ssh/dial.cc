#include "transport/ssh/dial.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "transport/ssh/wire.h"

namespace rayctl {
namespace {

using Addresses = std::shared_ptr<addrinfo>;

Error unreachable(const std::string& host, int port, const std::string& why) {
  return transient(ErrorCode::kConnectionLost,
                   "cannot connect to " + host + ":" + std::to_string(port) + ": " + why);
}

int look_up(const std::string& host, int port, int flags, Addresses& addresses) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed == 0) addresses = Addresses(found, ::freeaddrinfo);
  return failed;
}

// The C library cannot be told how long to look: a thread asks it, and is left behind if need be.
struct Lookup {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  int failed = 0;
  Addresses addresses;
};

Result<Addresses> resolve(const std::string& host, int port, Time deadline) {
  Addresses numeric;
  if (look_up(host, port, AI_NUMERICHOST, numeric) == 0) return numeric;
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, port] {
    Addresses addresses;
    const int failed = look_up(host, port, 0, addresses);
    const std::lock_guard lock(lookup->mutex);
    lookup->done = true;
    lookup->failed = failed;
    lookup->addresses = addresses;
    lookup->changed.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  if (!lookup->changed.wait_until(lock, deadline, [&] { return lookup->done; })) {
    return unreachable(host, port, "its address could not be looked up in time");
  }
  if (lookup->failed != 0) return unreachable(host, port, ::gai_strerror(lookup->failed));
  return lookup->addresses;
}

// Empty when connected, else why not.
std::string connect_in_time(int fd, const addrinfo& address, Time deadline) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return "";
  if (errno != EINPROGRESS) return std::strerror(errno);
  for (;;) {
    const Millis left = deadline - ssh_now();
    if (left <= Millis{0}) return "no answer in time";
    pollfd wait{fd, POLLOUT, 0};
    const auto timeout = static_cast<int>(std::min<Millis::rep>(left.count(), 60'000));
    if (::poll(&wait, 1, timeout) > 0) break;
  }
  int failed = 0;
  socklen_t size = sizeof failed;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
  return failed == 0 ? "" : std::strerror(failed);
}

}  // namespace

Result<Fd> dial_tcp(const std::string& host, int port, Time deadline) {
  Result<Addresses> addresses = resolve(host, port, deadline);
  if (!addresses) return addresses.error();
  std::string why = "it has no address";
  for (const addrinfo* at = addresses->get(); at != nullptr; at = at->ai_next) {
    Fd fd(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol));
    if (!fd) {
      why = std::strerror(errno);
      continue;
    }
    why = connect_in_time(fd.get(), *at, deadline);
    if (!why.empty()) continue;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  return unreachable(host, port, why);
}

ProxyProcess::~ProxyProcess() {
  if (pid_ == 0) return;
  ::kill(-pid_, SIGKILL);
  reap_child(pid_);
}

Result<Fd> ProxyProcess::start(const std::string& line) {
  const auto failed = [](int error) {
    return transient(ErrorCode::kConnectionLost,
                     std::string("cannot start the proxy command: ") + std::strerror(error));
  };
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return failed(errno);
  Fd ours(ends[0]), theirs(ends[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  errors_.reset(::memfd_create("proxy", MFD_CLOEXEC));
  if (!errors_) return failed(errno);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 0);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, errors_.get(), 2);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::array<std::string, 3> words{"sh", "-c", line};
  std::array<char*, 4> argv{words[0].data(), words[1].data(), words[2].data(), nullptr};
  const int error = ::posix_spawn(&pid_, "/bin/sh", &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    pid_ = 0;
    return failed(error);
  }
  return ours;
}

std::string ProxyProcess::last_words() const {
  if (!errors_) return "";
  std::array<char, 4096> text;
  const off_t size = ::lseek(errors_.get(), 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
  const ssize_t got = ::pread(errors_.get(), text.data(), text.size(), from);
  if (got <= 0) return "";
  const auto lines = last_lines(std::string_view(text.data(), static_cast<std::size_t>(got)), 1);
  return lines.empty() ? "" : trim(lines.back());
}

std::string expand_proxy_command(const std::string& line, const std::string& host, int port,
                                 const std::string& user) {
  std::string expanded;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char next = line[i] == '%' && i + 1 < line.size() ? line[i + 1] : '\0';
    switch (next) {
      case 'h':
        expanded += shell_quote(host);
        break;
      case 'p':
        expanded += std::to_string(port);
        break;
      case 'r':
        expanded += shell_quote(user);
        break;
      case '%':
        expanded += '%';
        break;
      default:
        expanded += line[i];
        continue;
    }
    ++i;
  }
  return expanded;
}

}  // namespace rayctl
