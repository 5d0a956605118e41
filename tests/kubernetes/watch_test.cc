#include <thread>

#include "providers/kubernetes/watch.h"
#include "tests/kubernetes/api_world.h"

namespace rayctl::kubernetes {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string event(const std::string& type, const std::string& name, int version) {
  return Json({{"type", type},
               {"object",
                {{"metadata", {{"name", name}, {"resourceVersion", std::to_string(version)}}}}}})
             .dump() +
         "\n";
}

constexpr char kGone[] =
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n";

class WatchTest : public ApiWorld {
 protected:
  bool note(const WatchEvent& event) {
    const char* kinds = "AMD";
    seen_.push_back(kinds[static_cast<int>(event.kind)] +
                    event.object["metadata"]["name"].get<std::string>());
    return seen_.back() != "Dlast";
  }
  Result<Watched> watch(const PeerServer& server, int milliseconds = 20'000,
                        std::stop_token stop = {}) {
    return api(server)->watch(
        kPods, {{"labelSelector", "x"}}, "5",
        [this](const WatchEvent& event) { return note(event); }, soon(milliseconds),
        std::move(stop));
  }
  std::vector<std::string> seen_;
};

/// Each connection gets one of these and is closed after it.
PeerServer::Serve in_turn(std::vector<std::string> bodies, std::vector<std::string>& asked) {
  return [bodies = std::move(bodies), &asked](Peer& peer) {
    const auto request = peer.read_request();
    if (!request) return;
    asked.push_back(request->target.substr(request->target.find("resourceVersion=") + 16));
    const std::string& body = bodies.at(std::min(asked.size(), bodies.size()) - 1);
    peer.write("HTTP/1.1 200 Fine\r\nConnection: close\r\n\r\n" + body);
  };
}

TEST_F(WatchTest, GoesOnAfterTheLastEventWhateverBreaks) {
  std::vector<std::string> asked;
  const std::string cut = event("MODIFIED", "b", 9);
  const PeerServer server(
      in_turn({event("ADDED", "a", 6) + event("BOOKMARK", "", 8), cut.substr(0, cut.size() / 2),
               "no json\n", cut + event("DELETED", "last", 11) + event("ADDED", "more", 12)},
              asked));
  const auto watched = watch(server);
  ASSERT_TRUE(watched) << watched.error().message;
  EXPECT_EQ(watched->end, WatchEnd::kStopped);
  EXPECT_EQ(watched->resource_version, "11");
  EXPECT_THAT(seen_, ElementsAre("Aa", "Mb", "Dlast"));
  EXPECT_THAT(asked, ElementsAre("5", "8", "8", "8"));
}

TEST_F(WatchTest, AForgottenVersionIsTold) {
  std::vector<std::string> asked;
  const PeerServer in_stream(in_turn({event("ADDED", "a", 6), kGone}, asked));
  const auto watched = watch(in_stream);
  ASSERT_TRUE(watched) << watched.error().message;
  EXPECT_EQ(watched->end, WatchEnd::kExpired);
  const PeerServer at_once([](Peer& peer) {
    if (peer.read_request()) peer.answer(410, status(410, "Expired", "too old"));
  });
  EXPECT_EQ(watch(at_once)->end, WatchEnd::kExpired);
  const PeerServer without_newline([](Peer& peer) {
    const std::string line = kGone;
    if (peer.read_request()) peer.answer(200, line.substr(0, line.size() - 1));
  });
  EXPECT_EQ(watch(without_newline)->end, WatchEnd::kExpired);
}

TEST_F(WatchTest, EndsAtTheDeadlineAndWhenToldTo) {
  const PeerServer server([](Peer& peer) {
    if (!peer.read_request()) return;
    peer.write("HTTP/1.1 200 Fine\r\n\r\n" + event("ADDED", "a", 6));
    (void)peer.read_request();
  });
  const auto late = watch(server, 400);
  ASSERT_TRUE(late) << late.error().message;
  EXPECT_EQ(late->end, WatchEnd::kDeadline);
  EXPECT_EQ(late->resource_version, "6");
  std::stop_source stop;
  std::thread other([&] {
    clock_.sleep(Millis{200}, {});
    stop.request_stop();
  });
  const Time before = clock_.now();
  const auto stopped = watch(server, 20'000, stop.get_token());
  other.join();
  ASSERT_TRUE(stopped) << stopped.error().message;
  EXPECT_EQ(stopped->end, WatchEnd::kStopped);
  EXPECT_LT(clock_.now() - before, Millis{5'000});
}

TEST_F(WatchTest, ARefusalIsAnError) {
  const PeerServer server([](Peer& peer) {
    while (peer.read_request())
      peer.answer(403, status(403, "Forbidden", "User \"a\" cannot watch"));
  });
  const auto refused = watch(server);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(refused.error().message, HasSubstr("watch pods in namespace demo"));
}

}  // namespace
}  // namespace rayctl::kubernetes
