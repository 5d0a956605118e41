#include "transport/ssh/wire.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace rayctl {
namespace {

constexpr std::size_t kMostUnread = 4U << 20;

// Drops what has been used once it is worth moving the rest.
void compact(std::string& buffer, std::size_t& done) {
  if (done == buffer.size()) {
    buffer.clear();
    done = 0;
  } else if (done > (1U << 18)) {
    buffer.erase(0, done);
    done = 0;
  }
}

}  // namespace

Time ssh_now() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

SshWire::SshWire(Fd socket) : socket_(std::move(socket)) {
  static const int ready = libssh2_init(0);
  if (ready == 0) session_ = libssh2_session_init_ex(nullptr, nullptr, nullptr, this);
  if (session_ == nullptr) {
    ended_ = true;
    return;
  }
  libssh2_session_set_blocking(session_, 0);
  libssh2_session_callback_set2(session_, LIBSSH2_CALLBACK_SEND,
                                reinterpret_cast<libssh2_cb_generic*>(&SshWire::send_bytes));
  libssh2_session_callback_set2(session_, LIBSSH2_CALLBACK_RECV,
                                reinterpret_cast<libssh2_cb_generic*>(&SshWire::recv_bytes));
}

SshWire::~SshWire() {
  if (session_ == nullptr) return;
  // Closed first, so that freeing the channels waits for nobody.
  if (!ended_) {
    libssh2_session_disconnect(session_, "done");
    flush();
  }
  ended_ = true;
  in_.clear();
  in_done_ = 0;
  while (libssh2_session_free(session_) == LIBSSH2_ERROR_EAGAIN) {
  }
}

ssize_t SshWire::send_bytes(libssh2_socket_t socket, const void* bytes, size_t size, int flags,
                            void** self) {
  SshWire& wire = *static_cast<SshWire*>(*self);
  if (socket != wire.socket()) {
    const ssize_t sent = ::send(socket, bytes, size, flags | MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
  }
  if (!wire.ended_) wire.out_.append(static_cast<const char*>(bytes), size);
  return static_cast<ssize_t>(size);
}

ssize_t SshWire::recv_bytes(libssh2_socket_t socket, void* bytes, size_t size, int flags,
                            void** self) {
  SshWire& wire = *static_cast<SshWire*>(*self);
  if (socket != wire.socket()) {
    const ssize_t got = ::recv(socket, bytes, size, flags);
    return got < 0 ? -errno : got;
  }
  const std::size_t piece = std::min(size, wire.in_.size() - wire.in_done_);
  if (piece == 0) return wire.ended_ ? 0 : -EAGAIN;
  std::memcpy(bytes, wire.in_.data() + wire.in_done_, piece);
  wire.in_done_ += piece;
  compact(wire.in_, wire.in_done_);
  return static_cast<ssize_t>(piece);
}

bool SshWire::fill() {
  if (ended_ || in_.size() - in_done_ > kMostUnread) return false;
  std::array<char, 1U << 16> buffer;
  ssize_t got = 0;
  do {
    got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return false;
  if (got <= 0) {
    ended_ = true;
    return true;
  }
  in_.append(buffer.data(), static_cast<std::size_t>(got));
  last_received_ = ssh_now();
  return true;
}

void SshWire::flush() {
  while (!ended_ && unsent() > 0) {
    const ssize_t sent =
        ::send(socket_.get(), out_.data() + out_done_, unsent(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) {
      // What the other side said before it went is still worth reading.
      out_.clear();
      out_done_ = 0;
      if (!fill()) ended_ = true;
      return;
    }
    out_done_ += static_cast<std::size_t>(sent);
  }
  compact(out_, out_done_);
}

int SshWire::drive(const std::function<int()>& call, Time deadline) {
  for (;;) {
    const int result = call();
    flush();
    if (result != LIBSSH2_ERROR_EAGAIN) return result;
    if (fill()) continue;
    const Millis left = deadline - ssh_now();
    if (left <= Millis{0}) return LIBSSH2_ERROR_TIMEOUT;
    pollfd wait{socket_.get(), static_cast<short>(POLLIN | (unsent() > 0 ? POLLOUT : 0)), 0};
    ::poll(&wait, 1, static_cast<int>(std::min<Millis::rep>(left.count(), 60'000)));
  }
}

std::string SshWire::last_error() const {
  char* message = nullptr;
  int size = 0;
  libssh2_session_last_error(session_, &message, &size, 0);
  return message == nullptr ? "" : std::string(message, static_cast<std::size_t>(size));
}

}  // namespace rayctl
