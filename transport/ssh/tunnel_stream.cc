#include "transport/ssh/tunnel_stream.h"

#include <sys/socket.h>

#include <cerrno>

namespace rayctl {
namespace {

constexpr std::size_t kPiece = 1U << 16;
constexpr std::size_t kMostUnsent = 1U << 20;

bool must_wait() {
  return errno == EAGAIN || errno == EINTR;
}

}  // namespace

TunnelStream::TunnelStream(Fd socket, std::string host, int port, std::function<void(Fd)> lost)
    : socket_(std::move(socket)), host_(std::move(host)), port_(port), lost_(std::move(lost)) {}

Result<> TunnelStream::wait_open(Time deadline) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_until(lock, deadline, [&] { return opened_.has_value(); })) return *opened_;
  unwanted_ = true;
  return transient(ErrorCode::kConnectionLost,
                   "no answer in time about " + host_ + ":" + std::to_string(port_));
}

LIBSSH2_CHANNEL* TunnelStream::open(SshWire& wire) {
  return libssh2_channel_direct_tcpip(wire.session(), host_.c_str(), port_);
}

void TunnelStream::opened() {
  const std::lock_guard lock(mutex_);
  opened_ = Result<>{};
  changed_.notify_all();
}

void TunnelStream::fail(const Error& error) {
  // Whoever is at the other end of the socket sees it closed.
  socket_.reset();
  const std::lock_guard lock(mutex_);
  if (!opened_) opened_ = Result<>(error);
  changed_.notify_all();
}

void TunnelStream::lose(const Error& error) {
  bool open = false;
  {
    const std::lock_guard lock(mutex_);
    open = opened_.has_value();
  }
  if (!open && lost_) lost_(std::move(socket_));
  fail(error);
}

bool TunnelStream::abandoned() {
  const std::lock_guard lock(mutex_);
  return unwanted_;
}

std::optional<pollfd> TunnelStream::watch() {
  if (!socket_) return std::nullopt;
  int events = 0;
  if (!local_ended_ && !waits_ && going_done_ == going_.size()) events |= POLLIN;
  if (coming_done_ < coming_.size()) events |= POLLOUT;
  if (events == 0) return std::nullopt;
  return pollfd{socket_.get(), static_cast<short>(events), 0};
}

SshStream::Step TunnelStream::step(SshWire& wire, LIBSSH2_CHANNEL* channel) {
  if (abandoned()) return Step::kDone;
  const Step in = to_local(channel);
  if (in != Step::kIdle) return in;
  const Step out = to_remote(wire, channel);
  if (out != Step::kIdle) return out;
  if (!remote_ended_ || coming_done_ < coming_.size() || !eof_sent_) return Step::kIdle;
  socket_.reset();
  return Step::kDone;
}

SshStream::Step TunnelStream::to_local(LIBSSH2_CHANNEL* channel) {
  if (coming_done_ < coming_.size()) {
    const ssize_t sent = ::send(socket_.get(), coming_.data() + coming_done_,
                                coming_.size() - coming_done_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && must_wait()) return Step::kIdle;
    if (sent < 0) {
      socket_.reset();
      return Step::kDone;
    }
    coming_done_ += static_cast<std::size_t>(sent);
    return Step::kMoved;
  }
  if (remote_ended_) return Step::kIdle;
  coming_.resize(kPiece);
  const ssize_t got = libssh2_channel_read(channel, coming_.data(), coming_.size());
  coming_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  coming_done_ = 0;
  if (got > 0) return Step::kMoved;
  if (got < 0 && got != LIBSSH2_ERROR_EAGAIN) return Step::kLost;
  if (libssh2_channel_eof(channel) != 1) return Step::kIdle;
  remote_ended_ = true;
  ::shutdown(socket_.get(), SHUT_WR);
  return Step::kMoved;
}

SshStream::Step TunnelStream::to_remote(SshWire& wire, LIBSSH2_CHANNEL* channel) {
  waits_ = wire.unsent() > kMostUnsent;
  if (eof_sent_ || waits_) return Step::kIdle;
  if (going_done_ == going_.size() && !local_ended_) {
    going_.resize(kPiece);
    const ssize_t got = ::recv(socket_.get(), going_.data(), going_.size(), MSG_DONTWAIT);
    const bool nothing = got < 0 && must_wait();
    going_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    going_done_ = 0;
    if (nothing) return Step::kIdle;
    if (got <= 0) local_ended_ = true;
  }
  if (going_done_ == going_.size()) {
    const int result = libssh2_channel_send_eof(channel);
    if (result == LIBSSH2_ERROR_EAGAIN) return Step::kIdle;
    eof_sent_ = true;
    return Step::kMoved;
  }
  const ssize_t sent =
      libssh2_channel_write(channel, going_.data() + going_done_, going_.size() - going_done_);
  if (sent == 0 || sent == LIBSSH2_ERROR_EAGAIN) return Step::kIdle;
  if (sent < 0) return sent == LIBSSH2_ERROR_CHANNEL_CLOSED ? Step::kDone : Step::kLost;
  going_done_ += static_cast<std::size_t>(sent);
  return Step::kMoved;
}

}  // namespace rayctl
