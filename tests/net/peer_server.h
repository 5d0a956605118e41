#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/net/certificates.h"

namespace rayctl {

/// The server's side of one connection, for scripts. Whatever is cut reads as the end.
class Peer {
 public:
  struct Request {
    std::string method, target, body;
    std::map<std::string, std::string> headers;  ///< names in lower case
  };
  struct Frame {
    int kind = 0;  ///< the opcode of RFC 6455
    std::string bytes;
    bool last = true, masked = false;
  };

  virtual ~Peer() = default;
  std::optional<Request> read_request();
  virtual bool write(std::string_view bytes) = 0;
  /// An answer with a Content-Length; the connection stays.
  bool answer(int status, const std::string& body, const std::string& headers = "");
  /// 101, with the subprotocol if it is not "".
  bool upgrade(const Request& request, const std::string& protocol);
  std::optional<Frame> read_frame();
  bool write_frame(int kind, std::string_view bytes, bool last = true);
  /// Common name of the certificate that the client showed; "" for none.
  virtual std::string client_name() const = 0;
  /// The name that the client asked for in TLS; "" for none.
  virtual std::string server_name() const = 0;

 protected:
  virtual bool receive(std::string& into) = 0;

 private:
  bool fill(std::size_t size);
  std::string pending_;
};

/// Listens on a port of 127.0.0.1; runs `serve` in a thread per connection, which ends with it.
class PeerServer {
 public:
  using Serve = std::function<void(Peer& peer)>;
  /// What TLS is served with: an identity, and who signs the clients' certificates, if they are
  /// asked for.
  struct Tls {
    TestIdentity identity;
    std::string client_ca;
  };
  explicit PeerServer(Serve serve, std::optional<Tls> tls = std::nullopt);
  ~PeerServer();
  PeerServer(const PeerServer&) = delete;
  PeerServer& operator=(const PeerServer&) = delete;

  std::string url(const std::string& host = "127.0.0.1") const;
  int port() const { return port_; }
  int connections() const;

 private:
  void accept_all();
  void serve(int socket);

  Serve serve_;
  void* context_ = nullptr;  ///< an SSL_CTX*
  int listener_ = -1, port_ = 0;
  mutable std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

}  // namespace rayctl
