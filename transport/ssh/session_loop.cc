#include "transport/ssh/session_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace rayctl {

SessionLoop::SessionLoop(std::unique_ptr<SshWire> wire, std::unique_ptr<ProxyProcess> proxy,
                         const SshSettings& settings)
    : proxy_(std::move(proxy)),
      wire_(std::move(wire)),
      address_(address_of(settings)),
      keepalive_(std::max(settings.keepalive, Millis{2000})),
      misses_(std::max(settings.keepalive_misses, 1)),
      last_asked_(ssh_now()),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  // We decide when to ask; libssh2 has nothing shorter than this.
  libssh2_keepalive_config(wire_->session(), 1, 2);
  thread_ = std::thread([this] { run(); });
}

SessionLoop::~SessionLoop() {
  stop_ = true;
  wake();
  thread_.join();
}

void SessionLoop::wake() const {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wakeup_.get(), &one, sizeof one));
}

void SessionLoop::add(std::shared_ptr<SshStream> stream) {
  {
    const std::lock_guard lock(mutex_);
    if (alive_) {
      added_.push_back(stream);
      stream = nullptr;
    }
  }
  if (stream) {
    stream->lose(lost_);
  } else {
    wake();
  }
}

void SessionLoop::run() {
  while (alive_) {
    take_new();
    const bool moved = turn();
    if (alive_) stay_alive();
    if (stop_) lose("the connection to " + address_ + " was closed");
    if (alive_ && !moved) wait();
  }
}

void SessionLoop::take_new() {
  const std::lock_guard lock(mutex_);
  std::move(added_.begin(), added_.end(), std::back_inserter(waiting_));
  added_.clear();
}

// One round over everything; true if anything moved.
bool SessionLoop::turn() {
  bool moved = wire_->fill();
  moved |= open_next();
  for (Channel& channel : channels_) {
    if (!alive_) return false;
    moved |= channel.stream ? step(channel) : close(channel);
  }
  std::erase_if(channels_, [](const Channel& channel) { return channel.channel == nullptr; });
  if (alive_ && channels_.empty() && reader_ != nullptr) {
    char unused = 0;
    libssh2_channel_read(reader_, &unused, 1);
  }
  wire_->flush();
  if (alive_ && wire_->ended() && !moved) lose("the connection to " + address_ + " was lost");
  return moved;
}

std::size_t SessionLoop::counting() const {
  return static_cast<std::size_t>(
      std::count_if(channels_.begin(), channels_.end(), [](const Channel& c) { return c.counts; }));
}

// libssh2 opens one channel at a time.
bool SessionLoop::open_next() {
  if (!opening_) {
    while (!waiting_.empty() && waiting_.front()->abandoned())
      waiting_.pop_front();
    // Tunnels need not wait for a session to become free.
    const auto next = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& stream) {
      return !stream->counts() || ssh_now() >= ask_again_;
    });
    if (next == waiting_.end()) return false;
    std::rotate(waiting_.begin(), next, next + 1);
    opening_ = true;
  }
  const std::shared_ptr<SshStream> stream = waiting_.front();
  LIBSSH2_CHANNEL* channel = stream->open(*wire_);
  if (channel != nullptr) {
    waiting_.pop_front();
    opening_ = false;
    if (stream->counts()) pause_ = Millis{0};
    stream->opened();
    channels_.push_back({stream, channel, stream->counts()});
    return true;
  }
  const int error = libssh2_session_last_errno(wire_->session());
  if (error == LIBSSH2_ERROR_EAGAIN) return false;
  opening_ = false;
  if (error != LIBSSH2_ERROR_CHANNEL_FAILURE) {
    lose("the connection to " + address_ + " was lost (" + wire_->last_error() + ")");
    return false;
  }
  return refused(wire_->last_error());
}

bool SessionLoop::refused(const std::string& why) {
  constexpr Millis kFirstPause{10}, kLastPause{1000}, kPatience{2000};
  const Time now = ssh_now();
  const std::shared_ptr<SshStream> stream = waiting_.front();
  if (stream->counts()) {
    if (pause_ == Millis{0}) {
      pause_ = kFirstPause;
      refused_since_ = now;
    } else {
      pause_ = std::min(pause_ * 2, kLastPause);
    }
    ask_again_ = now + pause_;
    if (counting() > 0 || now - refused_since_ < kPatience) return true;
  }
  waiting_.pop_front();
  stream->fail(transient(ErrorCode::kConnectionLost, address_ + " opens no channel: " + why));
  return true;
}

bool SessionLoop::step(Channel& channel) {
  switch (channel.stream->step(*wire_, channel.channel)) {
    case SshStream::Step::kIdle:
      return false;
    case SshStream::Step::kMoved:
      return true;
    case SshStream::Step::kDone:
      channel.stream = nullptr;
      return true;
    case SshStream::Step::kLost:
      lose("the connection to " + address_ + " was lost (" + wire_->last_error() + ")");
      return false;
  }
  return false;
}

// Until the node has closed its side too, it counts the session.
bool SessionLoop::close(Channel& channel) {
  const int result = libssh2_channel_close(channel.channel);
  if (result == LIBSSH2_ERROR_EAGAIN) return false;
  if (reader_ != nullptr) libssh2_channel_free(reader_);
  reader_ = channel.channel;
  channel.channel = nullptr;
  pause_ = Millis{0};
  ask_again_ = {};
  return true;
}

void SessionLoop::stay_alive() {
  const Time now = ssh_now();
  const Millis silence = now - wire_->last_received();
  if (silence >= keepalive_ * (misses_ + 1)) {
    lose("the connection to " + address_ + " was lost: silent for " + format_age(silence));
  } else if (silence >= keepalive_ && now - last_asked_ >= keepalive_) {
    int next = 0;
    libssh2_keepalive_send(wire_->session(), &next);
    wire_->flush();
    last_asked_ = now;
  }
}

void SessionLoop::wait() {
  std::vector<pollfd> waits{{wakeup_.get(), POLLIN, 0}};
  const bool sends = wire_->unsent() > 0;
  waits.push_back({wire_->socket(), static_cast<short>(POLLIN | (sends ? POLLOUT : 0)), 0});
  for (const Channel& channel : channels_) {
    if (!channel.stream) continue;
    if (const auto watched = channel.stream->watch()) waits.push_back(*watched);
  }
  Time next = std::max(wire_->last_received(), last_asked_) + keepalive_;
  if (!waiting_.empty() && !opening_) next = std::min(next, std::max(ask_again_, ssh_now()));
  const auto patience = std::clamp<Millis::rep>((next - ssh_now()).count(), 10, 60'000);
  ::poll(waits.data(), waits.size(), static_cast<int>(patience));
  std::uint64_t count = 0;
  static_cast<void>(::read(wakeup_.get(), &count, sizeof count));
}

void SessionLoop::lose(const std::string& why) {
  if (!alive_) return;
  lost_ = transient(ErrorCode::kConnectionLost, why);
  {
    const std::lock_guard lock(mutex_);
    alive_ = false;
  }
  take_new();
  for (const auto& stream : waiting_)
    stream->lose(lost_);
  for (const Channel& channel : channels_) {
    if (channel.stream) channel.stream->lose(lost_);
  }
  waiting_.clear();
}

}  // namespace rayctl
