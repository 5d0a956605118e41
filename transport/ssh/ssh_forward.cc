#include "transport/ssh/ssh_forward.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "transport/ssh/ssh_connection.h"
#include "transport/ssh/wire.h"

namespace rayctl {
namespace {

sockaddr* as_address(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

void wake_up(const Fd& event) {
  const std::uint64_t one = 1;
  static_cast<void>(::write(event.get(), &one, sizeof one));
}

}  // namespace

Result<std::unique_ptr<SshForward>> SshForward::open(SshConnection& connection, std::string host,
                                                     int port, int local_port) {
  Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(local_port));
  const int on = 1;
  if (listener) ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!listener || !wake || ::bind(listener.get(), as_address(address), sizeof address) != 0 ||
      ::listen(listener.get(), 64) != 0) {
    return permanent(
        ErrorCode::kConnectionLost,
        "cannot listen on 127.0.0.1:" + std::to_string(local_port) + ": " + std::strerror(errno));
  }
  return std::unique_ptr<SshForward>(
      new SshForward(connection, std::move(host), port, std::move(listener), std::move(wake)));
}

SshForward::SshForward(SshConnection& connection, std::string host, int port, Fd listener, Fd wake)
    : connection_(connection), host_(std::move(host)), port_(port), listener_(std::move(listener)) {
  inbox_->wake = std::move(wake);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener_.get(), as_address(address), &size);
  local_port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

SshForward::~SshForward() {
  {
    const std::lock_guard lock(inbox_->mutex);
    inbox_->stop = true;
  }
  wake_up(inbox_->wake);
  thread_.join();
}

// Gives each socket a second chance; false when told to stop.
bool SshForward::join_again() {
  std::vector<Fd> again;
  {
    const std::lock_guard lock(inbox_->mutex);
    if (inbox_->stop) return false;
    again.swap(inbox_->again);
    std::uint64_t count = 0;
    static_cast<void>(::read(inbox_->wake.get(), &count, sizeof count));
  }
  for (Fd& client : again) {
    const Time deadline = ssh_now() + connection_.settings().connect_timeout;
    connection_.join(std::move(client), host_, port_, deadline, {});
  }
  return true;
}

void SshForward::run() {
  const auto lost = [inbox = inbox_](Fd client) {
    const std::lock_guard lock(inbox->mutex);
    inbox->again.push_back(std::move(client));
    wake_up(inbox->wake);
  };
  while (join_again()) {
    std::array<pollfd, 2> waits{{{inbox_->wake.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}}};
    ::poll(waits.data(), waits.size(), -1);
    Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client) continue;
    const Time deadline = ssh_now() + connection_.settings().connect_timeout;
    connection_.join(std::move(client), host_, port_, deadline, lost);
  }
}

}  // namespace rayctl
