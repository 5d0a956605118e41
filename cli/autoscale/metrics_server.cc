#include "cli/autoscale/metrics_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace rayctl {
namespace {

constexpr int kWake = 200;        // milliseconds between looks at whether to end
constexpr int kPatience = 2'000;  // milliseconds for a client to say what it wants
constexpr char kType[] = "text/plain; version=0.0.4; charset=utf-8";

std::string response(std::string_view status, std::string_view body) {
  std::string text = "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + kType +
                     "\r\nContent-Length: " + std::to_string(body.size()) +
                     "\r\nConnection: close\r\n\r\n";
  return text.append(body);
}

bool wait_for(int socket, int milliseconds) {
  pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, milliseconds) > 0;
}

void send_all(int connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

Error failed(const char* doing, int port) {
  return permanent(ErrorCode::kIo, std::string("cannot ") + doing + " port " +
                                       std::to_string(port) +
                                       " for metrics: " + std::strerror(errno));
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::open(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return failed("open", port);
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* name = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket, name, size) != 0 || ::listen(socket, 8) != 0 ||
      ::getsockname(socket, name, &size) != 0) {
    const Error error = failed("listen on", port);
    ::close(socket);
    return error;
  }
  return std::unique_ptr<MetricsServer>(new MetricsServer(socket, ntohs(address.sin_port)));
}

MetricsServer::MetricsServer(int socket, int port)
    : socket_(socket), port_(port), thread_([this](const std::stop_token& stop) { serve(stop); }) {}

MetricsServer::~MetricsServer() {
  thread_.request_stop();
  thread_.join();
  ::close(socket_);
}

void MetricsServer::publish(std::string text) {
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
}

void MetricsServer::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!wait_for(socket_, kWake)) continue;
    const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    ::close(connection);
  }
}

void MetricsServer::answer(int connection) {
  std::string request;
  std::array<char, 2048> piece{};
  while (request.find("\r\n\r\n") == std::string::npos && request.size() < 16'384) {
    if (!wait_for(connection, kPatience)) return;
    const ssize_t got = ::recv(connection, piece.data(), piece.size(), 0);
    if (got <= 0) return;
    request.append(piece.data(), static_cast<std::size_t>(got));
  }
  const bool wanted = request.starts_with("GET /metrics ") || request.starts_with("GET / ");
  std::string body;
  if (wanted) {
    const std::lock_guard lock(mutex_);
    body = text_;
  }
  send_all(connection, wanted ? response("200 OK", body) : response("404 Not Found", ""));
}

}  // namespace rayctl
