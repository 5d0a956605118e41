#include "tests/net/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "base/text.h"

namespace rayctl {
namespace {

int listen_on_loopback(int& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (::bind(listener, where, size) != 0 || ::listen(listener, 64) != 0 ||
      ::getsockname(listener, where, &size) != 0) {
    std::abort();
  }
  port = ntohs(address.sin_port);
  return listener;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool receive(int socket, std::string& into) {
  std::array<char, 16384> chunk;
  const ssize_t got = ::recv(socket, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  into.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

ReceivedRequest parse_head(const std::string& head) {
  ReceivedRequest request;
  std::vector<std::string> lines = split(head, '\n');
  const std::vector<std::string> first = split(trim(lines[0]), ' ');
  request.method = first[0];
  request.target = first.size() > 1 ? first[1] : "";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::string line = lines[i];
    while (line.ends_with('\r'))
      line.pop_back();
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    request.header_lines.push_back(line);
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = trim(line.substr(colon + 1));
  }
  return request;
}

/// The next request of a connection; false when there is none.
bool read_request(int socket, std::string& pending, ReceivedRequest& request) {
  std::size_t end = 0;
  while ((end = pending.find("\r\n\r\n")) == std::string::npos) {
    if (!receive(socket, pending)) return false;
  }
  request = parse_head(pending.substr(0, end));
  pending.erase(0, end + 4);
  const auto length = request.headers.find("content-length");
  const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
  while (pending.size() < size) {
    if (!receive(socket, pending)) return false;
  }
  request.body = pending.substr(0, size);
  pending.erase(0, size);
  return true;
}

}  // namespace

LoopbackServer::LoopbackServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = listen_on_loopback(port_);
  accepting_ = std::thread([this] { accept_all(); });
}

LoopbackServer::~LoopbackServer() {
  ending_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_)
      ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_)
    thread.join();
  for (const int socket : sockets_)
    ::close(socket);
}

std::vector<ReceivedRequest> LoopbackServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int LoopbackServer::connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(sockets_.size());
}

void LoopbackServer::accept_all() {
  while (!ending_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    const int number = static_cast<int>(sockets_.size());
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

void LoopbackServer::serve(int socket, int number) {
  using Ending = ScriptedAnswer::Ending;
  std::string pending;
  ReceivedRequest request;
  while (read_request(socket, pending, request)) {
    request.connection = number;
    ScriptedAnswer answer;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      answer = handler_(request);
    }
    if (answer.ending == Ending::kDrop) break;
    if (answer.ending == Ending::kSilent) continue;
    std::string bytes = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n";
    for (const auto& [name, value] : answer.headers)
      bytes += name + ": " + value + "\r\n";
    bytes += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
    const bool cut = answer.ending == Ending::kCut;
    if (request.method != "HEAD")
      bytes += answer.body.substr(0, answer.body.size() / (cut ? 2 : 1));
    if (!send_all(socket, bytes) || answer.ending != Ending::kKeep) break;
  }
  ::shutdown(socket, SHUT_RDWR);
}

int closed_port() {
  int port = 0;
  ::close(listen_on_loopback(port));
  return port;
}

}  // namespace rayctl
