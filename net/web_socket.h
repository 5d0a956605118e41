#pragma once
#include <poll.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"

namespace rayctl {

struct WebSocketRequest {
  std::string url;  ///< http:// or https://, as for HttpRequest
  std::vector<std::pair<std::string, std::string>> headers;
  std::string protocol;                     ///< the subprotocol to ask for; "" for none
  std::size_t largest_message = 64u << 20;  ///< bytes of one that comes; more ends the connection
};

struct WebSocketMessage {
  std::string bytes;
  bool text = false;
};

/// The client's side of a WebSocket (RFC 6455), for one thread at a time. Nothing here waits but
/// wait(): who has something to send and to receive does both between two waits, and so never
/// stands still while the other side waits for him.
class WebSocket {
 public:
  struct Opened;
  ~WebSocket();
  WebSocket(WebSocket&&) = delete;
  WebSocket& operator=(WebSocket&&) = delete;

  /// The subprotocol that the server chose; "" for none.
  const std::string& protocol() const { return protocol_; }

  /// Takes a message, which becomes one frame, and sends what goes out at once. The rest goes with
  /// the next calls: look at unsent() before giving it more.
  Result<> send(std::string bytes, bool text = false);
  /// Bytes taken by send() that have not gone out yet.
  std::size_t unsent() const { return unsent_; }

  /// The next message, whole; nothing if none is there yet, or none comes any more: then closed()
  /// is true. Sends what waits. Answers pings. kUnknown if the connection broke.
  Result<std::optional<WebSocketMessage>> receive();
  /// The other side has said that it is done.
  bool closed() const { return closed_; }
  /// Why, in its words and with the number of RFC 6455; "" if it did not say.
  const std::string& reason() const { return reason_; }

  /// Asks the other side for a sign of life, which comes when all before it has been read there.
  Result<> ping();
  /// Signs of life that have come.
  int pongs() const { return pongs_; }
  /// Says that we are done, and sends what waits; does not wait for the other side's word.
  void close();

  /// For when receive() has nothing more: waits until something can be received or sent here, one
  /// of `others` is ready (their revents are set), or the time is over.
  /// `hear`: false leaves what comes to wait on the wire.
  void wait(std::span<pollfd> others, Millis most, bool hear = true);
  /// How long nothing has come, of whatever kind.
  Millis silence() const;

 private:
  friend Result<Opened> open_web_socket(const WebSocketRequest& request,
                                        const HttpSettings& settings, Clock& clock, Time deadline);
  struct Frame {
    std::string bytes;
    unsigned kind = 0;
    std::size_t done = 0;
  };
  WebSocket(void* handle, std::string origin, std::size_t largest);
  Result<> queue(std::string bytes, unsigned kind);
  Result<> flush();
  Result<bool> take_piece();
  Error lost(int code) const;

  void* handle_;  ///< a CURL*
  const std::string origin_;
  const std::size_t largest_;
  std::string protocol_, reason_;
  std::deque<Frame> out_;
  std::size_t unsent_ = 0;
  int pongs_ = 0;
  WebSocketMessage coming_;
  std::chrono::steady_clock::time_point heard_ = std::chrono::steady_clock::now();
  std::string control_;  ///< the payload of a ping or a close so far
  bool whole_ = false;   ///< coming_ is complete
  bool closed_ = false, closing_ = false;
};

/// A WebSocket, or the HTTP answer of a server that refused: its status and headers, no body.
struct WebSocket::Opened {
  std::unique_ptr<WebSocket> socket;
  HttpResponse refusal;
};

/// Opens a connection of its own, by HTTP/1.1. Fails as HttpClient::send does.
Result<WebSocket::Opened> open_web_socket(const WebSocketRequest& request,
                                          const HttpSettings& settings, Clock& clock,
                                          Time deadline);

}  // namespace rayctl
