#include "net/web_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/net/peer_server.h"

namespace rayctl {
namespace {

using ::testing::HasSubstr;

class WebSocketTest : public testing::Test {
 protected:
  Result<WebSocket::Opened> open(const PeerServer& server, const std::string& protocol = "talk",
                                 const HttpSettings& settings = {}) {
    WebSocketRequest request;
    request.url = server.url() + "/path?x=1";
    request.headers = {{"Authorization", "Bearer t"}};
    request.protocol = protocol;
    return open_web_socket(request, settings, clock_, clock_.now() + Millis{20'000});
  }
  std::unique_ptr<WebSocket> opened(const PeerServer& server, const HttpSettings& settings = {}) {
    Result<WebSocket::Opened> answer = open(server, "talk", settings);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? std::move(answer->socket) : nullptr;
  }
  /// The next message, or what went wrong.
  Result<std::optional<WebSocketMessage>> next(WebSocket& socket) {
    for (const Time late = clock_.now() + Millis{20'000}; clock_.now() < late;) {
      auto got = socket.receive();
      if (!got || *got || socket.closed()) return got;
      socket.wait({}, Millis{1'000});
    }
    return transient(ErrorCode::kConnectionLost, "nothing came");
  }
  SystemClock clock_;
};

/// Says everything back, messages whole.
void echo(Peer& peer) {
  const auto request = peer.read_request();
  if (!request || !peer.upgrade(*request, "talk")) return;
  while (const auto frame = peer.read_frame()) {
    if (!peer.write_frame(frame->kind == 9 ? 10 : frame->kind, frame->bytes) || frame->kind == 8)
      return;
  }
}

TEST_F(WebSocketTest, MessagesOfAllSizesComeBack) {
  const PeerServer server(echo);
  const auto socket = opened(server);
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->protocol(), "talk");
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 3'000'000U}) {
    std::string bytes(size, 'x');
    for (std::size_t at = 0; at < size; ++at)
      bytes[at] = static_cast<char>(at * 7 + at / 251);
    ASSERT_TRUE(socket->send(bytes, size == 1));
    const auto got = next(*socket);
    ASSERT_TRUE(got && *got) << size;
    EXPECT_TRUE((*got)->bytes == bytes) << size;
    EXPECT_EQ((*got)->text, size == 1);
  }
  socket->close();
  const auto end = next(*socket);
  EXPECT_TRUE(end && !*end);
  EXPECT_TRUE(socket->closed());
  EXPECT_EQ(socket->reason(), "1000");
}

TEST_F(WebSocketTest, AsksForWhatItIsTold) {
  std::map<std::string, std::string> headers;
  std::string target;
  bool masked = false;
  {
    const PeerServer server([&](Peer& peer) {
      const auto request = peer.read_request();
      if (!request) return;
      headers = request->headers;
      target = request->target;
      peer.upgrade(*request, "");
      if (const auto frame = peer.read_frame()) masked = frame->masked;
      peer.write_frame(2, "done");
    });
    const auto socket = opened(server);
    ASSERT_TRUE(socket);
    EXPECT_EQ(socket->protocol(), "");
    ASSERT_TRUE(socket->send("text"));
    ASSERT_TRUE(next(*socket));
  }
  EXPECT_EQ(target, "/path?x=1");
  EXPECT_EQ(headers["authorization"], "Bearer t");
  EXPECT_EQ(headers["sec-websocket-protocol"], "talk");
  EXPECT_TRUE(masked);
}

TEST_F(WebSocketTest, ARefusalIsAnAnswer) {
  const PeerServer server([](Peer& peer) {
    if (peer.read_request()) peer.answer(403, "no", "Retry-After: 3\r\n");
  });
  const auto answer = open(server);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_FALSE(answer->socket);
  EXPECT_EQ(answer->refusal.status, 403);
  EXPECT_EQ(answer->refusal.headers.at("retry-after"), "3");
}

TEST_F(WebSocketTest, FragmentsArePutTogetherAndPingsAnswered) {
  std::string pong;
  const PeerServer server([&](Peer& peer) {
    const auto request = peer.read_request();
    if (!request || !peer.upgrade(*request, "talk")) return;
    peer.write_frame(2, "one,", false);
    peer.write_frame(9, "are you there");
    peer.write_frame(0, "", false);
    peer.write_frame(0, "two", true);
    if (const auto frame = peer.read_frame()) pong = std::to_string(frame->kind) + frame->bytes;
    peer.write_frame(2, pong);
    peer.write_frame(8, std::string("\x03\xf3", 2) + "broke");
  });
  const auto socket = opened(server);
  ASSERT_TRUE(socket);
  const auto got = next(*socket);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->bytes, "one,two");
  const auto said = next(*socket);
  ASSERT_TRUE(said && *said);
  EXPECT_EQ((*said)->bytes, "10are you there");
  const auto end = next(*socket);
  EXPECT_TRUE(end && !*end);
  EXPECT_EQ(socket->reason(), "1011: broke");
}

// The server takes nothing before all of its own is taken, which is more than any buffer holds.
TEST_F(WebSocketTest, BothSidesMaySendAtOnce) {
  constexpr std::size_t kMessages = 256, kSize = 64U << 10;
  std::size_t heard = 0;
  const PeerServer server([&](Peer& peer) {
    const auto request = peer.read_request();
    if (!request || !peer.upgrade(*request, "talk")) return;
    const std::string bytes(kSize, 's');
    for (std::size_t sent = 0; sent < kMessages; ++sent) {
      if (!peer.write_frame(2, bytes)) return;
      if (sent % 16 == 0) peer.write_frame(9, "p");
    }
    for (std::size_t pongs = 0; heard < kMessages * kSize || pongs < kMessages / 16;) {
      const auto frame = peer.read_frame();
      if (!frame) return;
      if (frame->kind == 10) ++pongs;
      if (frame->kind == 2) heard += frame->bytes.size();
    }
    peer.write_frame(2, "all");
  });
  const auto socket = opened(server);
  ASSERT_TRUE(socket);
  std::size_t sent = 0, got = 0;
  std::string last;
  for (const Time late = clock_.now() + Millis{60'000}; last != "all" && clock_.now() < late;) {
    while (sent < kMessages && socket->unsent() == 0) {
      ASSERT_TRUE(socket->send(std::string(kSize, 'c')));
      ++sent;
    }
    auto message = socket->receive();
    ASSERT_TRUE(message) << message.error().message;
    if (*message) {
      last = std::move((*message)->bytes);
      got += last.size();
    } else {
      socket->wait({}, Millis{1'000});
    }
  }
  EXPECT_EQ(last, "all");
  EXPECT_EQ(got, kMessages * kSize + 3);
  EXPECT_EQ(heard, kMessages * kSize);
}

TEST_F(WebSocketTest, ACutIsUnknown) {
  const PeerServer server([](Peer& peer) {
    const auto request = peer.read_request();
    if (request) peer.upgrade(*request, "talk");
  });
  const auto socket = opened(server);
  ASSERT_TRUE(socket);
  const auto got = next(*socket);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::kUnknown);
  EXPECT_THAT(got.error().message, HasSubstr(server.url()));
}

TEST_F(WebSocketTest, GoesOverTlsWithAnIdentity) {
  const TestIdentity ca = make_test_ca();
  const TestIdentity me = make_test_identity(ca, "somebody", "");
  std::string name;
  const PeerServer server(
      [&](Peer& peer) {
        name = peer.client_name() + "," + peer.server_name();
        echo(peer);
      },
      PeerServer::Tls{make_test_identity(ca, "x", "DNS:inner.example"), ca.certificate});
  HttpSettings settings;
  settings.tls = {ca.certificate, me.certificate, me.key, "inner.example", false};
  const auto socket = opened(server, settings);
  ASSERT_TRUE(socket);
  const std::string bytes(5'000'000, 'y');
  ASSERT_TRUE(socket->send(bytes));
  const auto got = next(*socket);
  ASSERT_TRUE(got && *got);
  EXPECT_TRUE((*got)->bytes == bytes);
  EXPECT_EQ(name, "somebody,inner.example");
  const auto refused = open(server, "talk", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kPermanent);
}

TEST_F(WebSocketTest, WaitsForOthersToo) {
  const PeerServer server(echo);
  const auto socket = opened(server);
  ASSERT_TRUE(socket);
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
  std::array<pollfd, 1> others{pollfd{pair[0], POLLIN, 0}};
  socket->wait(others, Millis{10});
  EXPECT_EQ(others[0].revents, 0);
  ASSERT_EQ(::write(pair[1], "x", 1), 1);
  socket->wait(others, Millis{20'000});
  EXPECT_NE(others[0].revents & POLLIN, 0);
  ::close(pair[0]);
  ::close(pair[1]);
}

TEST_F(WebSocketTest, NobodyThereIsTransient) {
  WebSocketRequest request;
  request.url = "http://127.0.0.1:1/";
  const auto answer = open_web_socket(request, {}, clock_, clock_.now() + Millis{20'000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::kTransient) << answer.error().message;
}

}  // namespace
}  // namespace rayctl
