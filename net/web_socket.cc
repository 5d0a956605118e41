#include "net/web_socket.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "net/curl_handle.h"
#include "net/route.h"

namespace rayctl {
namespace {

constexpr std::size_t kChunk = 64U << 10;

std::size_t take_line(char* from, std::size_t size, std::size_t count, void* response) {
  take_header_line({from, size * count}, *static_cast<HttpResponse*>(response));
  return size * count;
}

/// The payload of a close frame for people: RFC 6455, section 5.5.1.
std::string close_reason(const std::string& payload) {
  if (payload.size() < 2) return "";
  const auto byte = [&](std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(payload[at]));
  };
  return std::to_string(byte(0) << 8U | byte(1)) +
         (payload.size() > 2 ? ": " + payload.substr(2) : "");
}

}  // namespace

WebSocket::WebSocket(void* handle, std::string origin, std::size_t largest)
    : handle_(handle), origin_(std::move(origin)), largest_(largest) {}

WebSocket::~WebSocket() {
  curl_easy_cleanup(handle_);
}

Error WebSocket::lost(int code) const {
  return unknown_outcome(ErrorCode::kConnectionLost,
                         "the connection to " + origin_ +
                             " broke: " + curl_easy_strerror(static_cast<CURLcode>(code)));
}

Result<> WebSocket::send(std::string bytes, bool text) {
  return queue(std::move(bytes), text ? CURLWS_TEXT : CURLWS_BINARY);
}

Result<> WebSocket::ping() {
  return queue("", CURLWS_PING);
}

void WebSocket::close() {
  if (closing_) return;
  closing_ = true;
  const std::string normal("\x03\xe8", 2);  // 1000
  const Result<> sent = queue(normal, CURLWS_CLOSE);
  static_cast<void>(sent);  // a connection that is lost needs no farewell
}

Result<> WebSocket::queue(std::string bytes, unsigned kind) {
  unsent_ += bytes.size();
  out_.push_back({std::move(bytes), kind, 0});
  return flush();
}

Result<> WebSocket::flush() {
  while (!out_.empty()) {
    Frame& frame = out_.front();
    std::size_t sent = 0;
    const CURLcode code = curl_ws_send(handle_, frame.bytes.data() + frame.done,
                                       frame.bytes.size() - frame.done, &sent, 0, frame.kind);
    frame.done += sent;
    unsent_ -= sent;
    if (code == CURLE_AGAIN) return {};
    if (code != CURLE_OK) return lost(code);
    if (frame.done == frame.bytes.size()) out_.pop_front();
  }
  return {};
}

Result<bool> WebSocket::take_piece() {
  std::array<char, kChunk> chunk;
  std::size_t got = 0;
  const curl_ws_frame* frame = nullptr;
  const CURLcode code = curl_ws_recv(handle_, chunk.data(), chunk.size(), &got, &frame);
  if (code == CURLE_AGAIN) return false;
  if (code == CURLE_GOT_NOTHING && closing_) {
    closed_ = true;
    return false;
  }
  if (code != CURLE_OK) return lost(code);
  heard_ = std::chrono::steady_clock::now();
  const unsigned flags = static_cast<unsigned>(frame->flags);
  const bool last = frame->bytesleft == 0;
  if ((flags & (CURLWS_PING | CURLWS_PONG | CURLWS_CLOSE)) != 0) {
    control_.append(chunk.data(), got);
    if (!last) return true;
    const std::string payload = std::move(control_);
    control_.clear();
    if ((flags & CURLWS_CLOSE) != 0) {
      closed_ = true;
      reason_ = close_reason(payload);
      close();
    } else if ((flags & CURLWS_PONG) != 0) {
      ++pongs_;
    } else if ((flags & CURLWS_PING) != 0) {
      if (Result<> answered = queue(payload, CURLWS_PONG); !answered) return answered.error();
    }
    return !closed_;
  }
  coming_.text = (flags & CURLWS_TEXT) != 0;
  if (coming_.bytes.size() + got > largest_) {
    return unknown_outcome(ErrorCode::kConnectionLost, "a message of " + origin_ + " is too large");
  }
  coming_.bytes.append(chunk.data(), got);
  whole_ = last && (flags & CURLWS_CONT) == 0;
  return true;
}

Result<std::optional<WebSocketMessage>> WebSocket::receive() {
  if (Result<> sent = flush(); !sent && !closed_) return sent.error();
  while (!closed_) {
    const Result<bool> more = take_piece();
    if (!more) return more.error();
    if (!*more) break;
    if (!whole_) continue;
    whole_ = false;
    std::optional<WebSocketMessage> message = std::move(coming_);
    coming_ = {};
    return message;
  }
  return std::optional<WebSocketMessage>();
}

Millis WebSocket::silence() const {
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - heard_);
}

void WebSocket::wait(std::span<pollfd> others, Millis most, bool hear) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(handle_, CURLINFO_ACTIVESOCKET, &socket);
  std::vector<pollfd> all(others.begin(), others.end());
  // poll() leaves out a negative one.
  const int events = (hear ? POLLIN : 0) | (out_.empty() ? 0 : POLLOUT);
  all.push_back({static_cast<int>(socket), static_cast<short>(events), 0});
  ::poll(all.data(), all.size(),
         static_cast<int>(std::clamp<Millis::rep>(most.count(), 0, 60'000)));
  for (std::size_t at = 0; at < others.size(); ++at)
    others[at].revents = all[at].revents;
}

Result<WebSocket::Opened> open_web_socket(const WebSocketRequest& request,
                                          const HttpSettings& settings, Clock& clock,
                                          Time deadline) {
  Headers headers = request.headers;
  if (!request.protocol.empty()) headers.emplace_back("Sec-WebSocket-Protocol", request.protocol);
  if (std::string wrong = objection("GET", request.url, headers);
      !wrong.empty() || !request.url.starts_with("http")) {
    return permanent(ErrorCode::kProviderRefused,
                     wrong.empty() ? "a WebSocket needs a URL of HTTP" : std::move(wrong));
  }
  const Millis limit = time_left(deadline, clock);
  if (limit <= Millis{0}) {
    return transient(ErrorCode::kProviderUnavailable,
                     "no time is left to ask " + origin_of(request.url));
  }
  const Route route = route_for(request.url, true, settings);
  CurlParts parts;
  HttpResponse answer;
  CURL* handle = new_curl_handle();
  std::unique_ptr<WebSocket> socket(
      new WebSocket(handle, origin_of(request.url), request.largest_message));
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "ws,wss");
  curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 2L);
  // Its own answers to pings may land inside a frame that is half sent.
  curl_easy_setopt(handle, CURLOPT_WS_OPTIONS, static_cast<long>(CURLWS_NOAUTOPONG));
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_line);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
  set_route(handle, "ws" + request.url.substr(4), route, limit, parts);
  set_headers(handle, headers, parts);
  const CURLcode code = curl_easy_perform(handle);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_HTTP_RETURNED_ERROR && status != 101) {
    answer.status = static_cast<int>(status);
    return WebSocket::Opened{nullptr, std::move(answer)};
  }
  if (code != CURLE_OK) return curl_failure(handle, code, request.url, route, parts, "");
  // What points into this call goes; the connection stays.
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(handle, CURLOPT_CONNECT_TO, nullptr);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, nullptr);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, nullptr);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 0L);
  socket->protocol_ = answer.headers["sec-websocket-protocol"];
  answer.status = static_cast<int>(status);
  return WebSocket::Opened{std::move(socket), std::move(answer)};
}

}  // namespace rayctl
