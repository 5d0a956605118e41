#include "providers/kubernetes/pod_forward.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "net/url_text.h"
#include "providers/kubernetes/channels.h"

namespace rayctl::kubernetes {
namespace {

constexpr std::size_t kPiece = 32U << 10;
constexpr Millis kOpen{30'000}, kPing{10'000}, kDead{45'000}, kLook{1'000}, kLinger{10'000};
constexpr std::size_t kPortBytes = 2;  ///< how each of the two channels begins

/// What goes between a connection here and the WebSocket of a pod's port, in both directions.
class Carriage {
 public:
  Carriage(int local, int ending, WebSocket& socket)
      : local_(local), ending_(ending), socket_(socket) {}

  /// Until one side ends; what went wrong, or "".
  std::string run(Clock& clock) {
    for (Time ping = clock.now() + kPing;;) {
      if (!take_local()) return "";
      if (Result<bool> more = take_pod(); !more) {
        return more.error().message;
      } else if (!*more) {
        return said_;
      }
      const Time now = clock.now();
      if (socket_.silence() > kDead) return "the API server is silent";
      if (came_) quiet_since_ = now;
      came_ = false;
      if (local_ended_ && now > quiet_since_ + kLinger) return "";
      if (now >= ping) {
        ping = now + kPing;
        if (Result<> asked = socket_.ping(); !asked) return asked.error().message;
      }
      const bool reads = !local_ended_ && socket_.unsent() == 0;
      const int events = (reads ? POLLIN : 0) | (to_local_.empty() ? 0 : POLLOUT);
      std::array<pollfd, 2> others{
          pollfd{ending_, POLLIN, 0},
          pollfd{events == 0 ? -1 : local_, static_cast<short>(events), 0}};
      socket_.wait(others, kLook, to_local_.empty());
      if (others[0].revents != 0) return "";
    }
  }

 private:
  bool take_local() {
    while (!local_ended_ && socket_.unsent() == 0) {
      std::string piece(kPiece, '\0');
      const ssize_t got = ::recv(local_, piece.data(), piece.size(), MSG_DONTWAIT);
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      if (got == 0) {
        local_ended_ = true;
        came_ = true;
        return true;
      }
      piece.resize(static_cast<std::size_t>(got));
      // A failure shows when something is received.
      if (!socket_.send(on_channel(Channel{0}, piece))) return true;
    }
    return true;
  }

  /// False once the pod's side has ended and all of it is here.
  Result<bool> take_pod() {
    for (;;) {
      if (Result<bool> sent = give_local(); !sent || !*sent) return sent;
      if (!to_local_.empty()) return true;
      Result<std::optional<WebSocketMessage>> message = socket_.receive();
      if (!message) return message.error();
      if (!*message) return !socket_.closed();
      const std::string& bytes = (*message)->bytes;
      if (bytes.empty() || static_cast<unsigned char>(bytes.front()) > 1) continue;
      const std::size_t channel = static_cast<unsigned char>(bytes.front());
      std::string_view content = std::string_view(bytes).substr(1);
      const std::size_t skip = std::min(content.size(), kPortBytes - begun_.at(channel));
      begun_.at(channel) += skip;
      content.remove_prefix(skip);
      if (content.empty()) continue;
      came_ = true;
      if (channel == 0) {
        to_local_ = content;
      } else {
        said_ += content;
        return false;
      }
    }
  }

  Result<bool> give_local() {
    while (!to_local_.empty()) {
      const ssize_t sent =
          ::send(local_, to_local_.data(), to_local_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return true;
      if (sent < 0) return false;
      to_local_.erase(0, static_cast<std::size_t>(sent));
    }
    return true;
  }

  const int local_, ending_;
  WebSocket& socket_;
  std::string to_local_, said_;
  std::array<std::size_t, 2> begun_{};
  Time quiet_since_{};
  bool local_ended_ = false, came_ = false;
};

}  // namespace

PodForward::PodForward(Api& api, PodPlace place, int port, Clock& clock)
    : api_(api), place_(std::move(place)), port_(port), clock_(clock) {}

Result<std::unique_ptr<PodForward>> PodForward::open(Api& api, PodPlace place, int port,
                                                     Clock& clock, int local_port) {
  std::unique_ptr<PodForward> forward(new PodForward(api, std::move(place), port, clock));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(local_port));
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  forward->ending_ = ::eventfd(0, EFD_CLOEXEC);
  forward->listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int again = 1;  // connections of an earlier one may still be closing
  ::setsockopt(forward->listener_, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again));
  if (forward->ending_ < 0 || forward->listener_ < 0 ||
      ::bind(forward->listener_, where, size) != 0 || ::listen(forward->listener_, 64) != 0 ||
      ::getsockname(forward->listener_, where, &size) != 0) {
    const std::string which = local_port == 0 ? "no port" : "port " + std::to_string(local_port);
    const std::string why = which + " of this machine cannot be had: " + std::strerror(errno);
    return local_port == 0 ? transient(ErrorCode::kIo, why) : permanent(ErrorCode::kIo, why);
  }
  forward->local_port_ = ntohs(address.sin_port);
  forward->accepting_ = std::thread([&self = *forward] { self.accept_all(); });
  return forward;
}

PodForward::~PodForward() {
  if (ending_ >= 0) ::eventfd_write(ending_, 1);
  if (accepting_.joinable()) accepting_.join();
  for (const auto& carried : carried_)
    carried->thread.join();
  for (const int fd : {listener_, ending_}) {
    if (fd >= 0) ::close(fd);
  }
}

std::string PodForward::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void PodForward::note(const std::string& trouble) {
  if (trouble.empty()) return;
  const std::lock_guard lock(mutex_);
  trouble_ = trim(trouble);
}

void PodForward::accept_all() {
  for (;;) {
    std::array<pollfd, 2> waits{pollfd{ending_, POLLIN, 0}, pollfd{listener_, POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) return;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) {
      clock_.sleep(Millis{50}, {});  // none is left, perhaps
      continue;
    }
    const int on = 1;
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    std::erase_if(carried_, [](const std::unique_ptr<Carried>& each) {
      if (each->done) each->thread.join();
      return each->done.load();
    });
    carried_.push_back(std::make_unique<Carried>());
    Carried& carried = *carried_.back();
    carried.thread = std::thread([this, connection, &carried] {
      carry(connection);
      ::close(connection);
      carried.done = true;
    });
  }
}

void PodForward::carry(int connection) {
  ApiCall call;
  call.path = "/api/v1/namespaces/" + percent_encode(place_.space) + "/pods/" +
              percent_encode(place_.pod) + "/portforward";
  call.query = {{"ports", std::to_string(port_)}};
  const Result<ApiSocket> opened = api_.open(call, kForwardProtocol, clock_.now() + kOpen);
  if (!opened) return note(opened.error().message);
  note(Carriage(connection, ending_, *opened->socket).run(clock_));
  opened->socket->close();
}

}  // namespace rayctl::kubernetes
