#include <gtest/gtest.h>

#include <chrono>
#include <semaphore>
#include <thread>

#include "net/http_client.h"
#include "tests/net/loopback_server.h"
#include "tests/net/peer_server.h"

namespace rayctl {
namespace {

constexpr char kChunked[] = "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string(1, kDigits[text.size()]) + "\r\n" + text + "\r\n";
}

class StreamTest : public testing::Test {
 protected:
  Result<HttpStream> listen(const std::string& url, const BodySink& sink, Millis most,
                            std::stop_token stop = {}) {
    HttpRequest request;
    request.url = url;
    return http_->stream(request, sink, clock_.now() + most, std::move(stop));
  }
  SystemClock clock_;
  std::unique_ptr<HttpClient> http_ = make_http_client({}, clock_);
};

TEST_F(StreamTest, PiecesComeAsTheyAreSent) {
  std::binary_semaphore taken(0);
  const PeerServer server([&](Peer& peer) {
    if (!peer.read_request() || !peer.write(kChunked + chunk("one"))) return;
    taken.acquire();
    if (peer.write(chunk("two") + "0\r\n\r\n")) (void)peer.read_request();
  });
  std::vector<std::string> pieces;
  const auto answer = listen(
      server.url(),
      [&](std::string_view piece) {
        pieces.emplace_back(piece);
        if (pieces.size() == 1) taken.release();
        return true;
      },
      Millis{20'000});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->end, StreamEnd::kDone);
  EXPECT_EQ(answer->response.status, 200);
  EXPECT_EQ(pieces, (std::vector<std::string>{"one", "two"}));
}

TEST_F(StreamTest, ARefusalIsAResponse) {
  LoopbackServer server(
      [](const ReceivedRequest&) { return ScriptedAnswer{.status = 403, .body = "no"}; });
  bool told = false;
  const auto answer = listen(
      server.url(), [&](std::string_view) { return told = true; }, Millis{20'000});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->response.status, 403);
  EXPECT_EQ(answer->response.body, "no");
  EXPECT_FALSE(told);
}

TEST_F(StreamTest, EndsByTheSinkTheDeadlineAndACut) {
  const PeerServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (!peer.write(kChunked + chunk("one")) || request->target == "/cut") return;
    }
  });
  const auto sink = [](std::string_view) { return false; };
  const auto all = [](std::string_view) { return true; };
  auto answer = listen(server.url(), sink, Millis{20'000});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->end, StreamEnd::kSink);
  answer = listen(server.url(), all, Millis{300});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->end, StreamEnd::kDeadline);
  answer = listen(server.url() + "/cut", all, Millis{20'000});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->end, StreamEnd::kBroken);
}

TEST_F(StreamTest, StopsAtOnceWhenToldFromAnotherThread) {
  std::binary_semaphore begun(0);
  const PeerServer server([&](Peer& peer) {
    if (peer.read_request() && peer.write(kChunked + chunk("one"))) (void)peer.read_request();
  });
  std::stop_source stop;
  std::thread other([&] {
    begun.acquire();
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto answer = listen(
      server.url(),
      [&](std::string_view) {
        begun.release();
        return true;
      },
      Millis{20'000}, stop.get_token());
  other.join();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->end, StreamEnd::kStopped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{5});
}

TEST_F(StreamTest, FailsBeforeTheAnswerAsOthersDo) {
  const auto all = [](std::string_view) { return true; };
  auto answer = listen("http://127.0.0.1:" + std::to_string(closed_port()), all, Millis{20'000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::kTransient);
  const PeerServer server([](Peer& peer) { (void)peer.read_request(); });
  answer = listen(server.url(), all, Millis{20'000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::kUnknown);
}

}  // namespace
}  // namespace rayctl
