#include "tests/net/peer_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "base/text.h"
#include "net/ssh_key.h"

namespace rayctl {
namespace {

class PlainPeer final : public Peer {
 public:
  explicit PlainPeer(int socket) : socket_(socket) {}
  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  std::string client_name() const override { return ""; }
  std::string server_name() const override { return ""; }

 protected:
  bool receive(std::string& into) override {
    std::array<char, 65536> chunk;
    const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got <= 0) return false;
    into.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
  }

 private:
  int socket_;
};

class TlsPeer final : public Peer {
 public:
  explicit TlsPeer(SSL* connection) : connection_(connection) {}
  bool write(std::string_view bytes) override {
    return SSL_write(connection_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  std::string client_name() const override {
    X509* shown = SSL_get_peer_certificate(connection_);
    if (shown == nullptr) return "";
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    X509_free(shown);
    return name.data();
  }
  std::string server_name() const override {
    const char* name = SSL_get_servername(connection_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }

 protected:
  bool receive(std::string& into) override {
    std::array<char, 65536> chunk;
    const int got = SSL_read(connection_, chunk.data(), static_cast<int>(chunk.size()));
    if (got <= 0) return false;
    into.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
  }

 private:
  SSL* connection_;
};

SSL_CTX* make_context(const PeerServer::Tls& tls) {
  const auto memory = [](const std::string& text) {
    return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  };
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  BIO* text = memory(tls.identity.certificate);
  X509* certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
  BIO_free(text);
  text = memory(tls.identity.key);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr);
  BIO_free(text);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!tls.client_ca.empty()) {
    text = memory(tls.client_ca);
    X509* ca = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
    BIO_free(text);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
    X509_free(ca);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace

bool Peer::fill(std::size_t size) {
  while (pending_.size() < size) {
    if (!receive(pending_)) return false;
  }
  return true;
}

std::optional<Peer::Request> Peer::read_request() {
  std::size_t end = 0;
  while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive(pending_)) return std::nullopt;
  }
  Request request;
  const std::vector<std::string> lines = split(pending_.substr(0, end), '\n');
  pending_.erase(0, end + 4);
  const std::vector<std::string> first = split(trim(lines[0]), ' ');
  request.method = first[0];
  request.target = first.size() > 1 ? first[1] : "";
  for (std::size_t at = 1; at < lines.size(); ++at) {
    const std::size_t colon = lines[at].find(':');
    if (colon == std::string::npos) continue;
    std::string name = lines[at].substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = trim(lines[at].substr(colon + 1));
  }
  const auto length = request.headers.find("content-length");
  const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
  if (!fill(size)) return std::nullopt;
  request.body = pending_.substr(0, size);
  pending_.erase(0, size);
  return request;
}

bool Peer::answer(int status, const std::string& body, const std::string& headers) {
  return write("HTTP/1.1 " + std::to_string(status) + " Scripted\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body);
}

bool Peer::upgrade(const Request& request, const std::string& protocol) {
  // RFC 6455, section 1.3.
  const auto key = request.headers.find("sec-websocket-key");
  const std::string text =
      (key == request.headers.end() ? "" : key->second) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}) + "\r\n" +
      (protocol.empty() ? "" : "Sec-WebSocket-Protocol: " + protocol + "\r\n") + "\r\n");
}

std::optional<Peer::Frame> Peer::read_frame() {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(pending_[at]));
  };
  if (!fill(2)) return std::nullopt;
  Frame frame;
  frame.kind = static_cast<int>(byte(0) & 0x0fU);
  frame.last = (byte(0) & 0x80U) != 0;
  frame.masked = (byte(1) & 0x80U) != 0;
  std::size_t size = byte(1) & 0x7fU;
  const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (!fill(2 + extra)) return std::nullopt;
  if (extra > 0) size = 0;
  for (std::size_t at = 0; at < extra; ++at)
    size = (size << 8U) | byte(2 + at);
  const std::size_t start = 2 + extra + (frame.masked ? 4 : 0);
  if (!fill(start + size)) return std::nullopt;
  frame.bytes = pending_.substr(start, size);
  if (frame.masked) {
    for (std::size_t at = 0; at < size; ++at)
      frame.bytes[at] = static_cast<char>(frame.bytes[at] ^ pending_[start - 4 + at % 4]);
  }
  pending_.erase(0, start + size);
  return frame;
}

bool Peer::write_frame(int kind, std::string_view bytes, bool last) {
  std::string head(1, static_cast<char>((last ? 0x80 : 0) | kind));
  if (bytes.size() < 126) {
    head += static_cast<char>(bytes.size());
  } else {
    const int size = bytes.size() < 65536 ? 2 : 8;
    head += static_cast<char>(size == 2 ? 126 : 127);
    for (int at = size - 1; at >= 0; --at)
      head += static_cast<char>((bytes.size() >> (8 * at)) & 0xffU);
  }
  return write(head) && (bytes.empty() || write(bytes));
}

PeerServer::PeerServer(Serve serve, std::optional<Tls> tls) : serve_(std::move(serve)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to a connection that may be gone
  if (tls) context_ = make_context(*tls);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (::bind(listener_, where, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, where, &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

PeerServer::~PeerServer() {
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
  SSL_CTX_free(static_cast<SSL_CTX*>(context_));
}

std::string PeerServer::url(const std::string& host) const {
  return (context_ == nullptr ? "http://" : "https://") + host + ":" + std::to_string(port_);
}

int PeerServer::connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(sockets_.size());
}

void PeerServer::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void PeerServer::serve(int socket) {
  if (context_ == nullptr) {
    PlainPeer peer(socket);
    serve_(peer);
  } else {
    SSL* connection = SSL_new(static_cast<SSL_CTX*>(context_));
    SSL_set_fd(connection, socket);
    if (SSL_accept(connection) == 1) {
      TlsPeer peer(connection);
      serve_(peer);
      SSL_shutdown(connection);
    }
    SSL_free(connection);
  }
  ::shutdown(socket, SHUT_RDWR);
}

}  // namespace rayctl
