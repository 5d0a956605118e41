#include "gcs/ray_cluster.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include "gcs/node_view.h"
#include "tests/support/ray/gcs_server.h"

namespace rayctl {
namespace {

using testing::GcsServer;
using ::testing::HasSubstr;
using ::testing::Not;

Time in(Millis time) {
  return SystemClock{}.now() + time;
}
Time soon() {
  return in(Millis{10'000});
}

RayNode some_node(const std::string& id) {
  RayNode node;
  node.node_id = id;
  node.total = {{"CPU", 4}, {"memory", 1e9}};
  node.available = {{"CPU", 3}};
  node.ip = "127.0.0.9";
  return node;
}

// A port on which the kernel accepts connections and nobody ever answers.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, generic, size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { ::close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

TEST(RayCluster, ViewIsWhatTheServiceHolds) {
  GcsServer server;
  server.put("i-1", some_node("aa"));
  server.put("", some_node("bb"));
  const auto view = connect_ray(server.endpoint(), "")->view(soon());
  ASSERT_TRUE(view.ok()) << view.error().message;
  EXPECT_EQ(*view,
            (RayView{{{CloudId{"i-1"}, some_node("aa")}, {CloudId{"ray:bb"}, some_node("bb")}}}));
}

TEST(RayCluster, StateIsNodesAndLoadOfOneRead) {
  GcsServer server;
  server.put("i-1", some_node("aa"));
  Load load;
  load.demands = {{{{{"CPU", 1}}, {}}, 3}};
  load.gangs = {{"ab01", GangStrategy::kStrictPack, {{{{"CPU", 1}}, {}}, {{{"CPU", 1}}, {}}}}};
  load.asked = {{{{{"GPU", 1}}, {}}, 2}};
  server.set_load(load);
  const auto cluster = connect_ray(server.endpoint(), "");
  const auto state = cluster->state(soon());
  ASSERT_TRUE(state.ok()) << state.error().message;
  load.version = 1;
  EXPECT_EQ(*state, (RayState{.view = {{{CloudId{"i-1"}, some_node("aa")}}},
                              .load = load,
                              .session_name = "session_of_a_test"}));
}

TEST(RayCluster, RequestResourcesOfAnOldDriverCountsWhereNoNewOneSpoke) {
  GcsServer server;
  const auto cluster = connect_ray(server.endpoint(), "");
  ASSERT_TRUE(
      cluster->put_key("", "autoscaler_resource_request", R"([{"CPU":1},{"CPU":1}])", soon()).ok());
  EXPECT_EQ(cluster->state(soon())->load.asked, (std::vector<Demand>{{{{{"CPU", 1}}, {}}, 2}}));
  Load load;
  load.asked = {{{{{"GPU", 1}}, {}}, 2}};
  server.set_load(load);
  EXPECT_EQ(cluster->state(soon())->load.asked, load.asked);
}

TEST(RayCluster, NoHeadYetIsWorthAnotherTry) {
  GcsServer server;
  server.put("i-1", some_node("aa"));
  const auto head = connect_ray(server.endpoint(), "")->head_info(soon());
  ASSERT_FALSE(head.ok());
  EXPECT_EQ(head.error().fault, Fault::kTransient);
  EXPECT_EQ(head.error().code, ErrorCode::kRayUnreachable);
}

TEST(RayCluster, ADrainSaysWhyAndByWhen) {
  GcsServer server;
  server.put("i-1", some_node("aa"));
  const Time finish_by{Millis{1'900'000'000'123}};
  const auto answer =
      connect_ray(server.endpoint(), "")
          ->drain("aa", DrainReason::kPreemption, "replaced by rayctl", finish_by, soon());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(answer->accepted);
  EXPECT_EQ(server.node("aa").state, RayNode::State::kDraining);
  EXPECT_EQ(server.last_drain_message(), "replaced by rayctl");
  EXPECT_EQ(server.last_drain_finish_by(), finish_by);
}

TEST(RayCluster, ADrainOfWhatIsNotANodeIdIsRefusedHere) {
  GcsServer server;
  const auto cluster = connect_ray(server.endpoint(), "");
  for (const char* id : {"", "gpu-3", "abc"}) {
    const auto answer = cluster->drain(id, DrainReason::kPreemption, "", soon(), soon());
    ASSERT_FALSE(answer.ok()) << id;
    EXPECT_EQ(answer.error().fault, Fault::kPermanent);
    EXPECT_EQ(answer.error().code, ErrorCode::kNoSuchNode);
  }
}

TEST(RayCluster, NoMessageHoldsTheToken) {
  GcsServer server("right-token");
  const auto version = connect_ray(server.endpoint(), "wrong-token")->version(soon());
  ASSERT_FALSE(version.ok());
  EXPECT_THAT(version.error().message, Not(HasSubstr("wrong-token")));
  EXPECT_THAT(version.error().message, HasSubstr(server.endpoint()));
}

// gRPC aborts the program on such a header.
TEST(RayCluster, ATokenThatNoHeaderCanHoldIsRefusedHere) {
  GcsServer server;
  for (const char* token : {"two\nlines", "a b", "caf\xc3\xa9", "\x7f"}) {
    const auto version = connect_ray(server.endpoint(), token)->version(soon());
    ASSERT_FALSE(version.ok());
    EXPECT_EQ(version.error().code, ErrorCode::kRayRefused);
    EXPECT_EQ(version.error().fault, Fault::kPermanent);
    EXPECT_THAT(version.error().message, Not(HasSubstr(token)));
  }
}

TEST(RayCluster, ASlowServerEndsAtTheDeadline) {
  GcsServer server;
  server.answer_after(Millis{1'000});
  const Time before = SystemClock{}.now();
  const auto version = connect_ray(server.endpoint(), "")->version(in(Millis{200}));
  const Millis took = SystemClock{}.now() - before;
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().fault, Fault::kTransient);
  EXPECT_EQ(version.error().code, ErrorCode::kRayUnreachable);
  EXPECT_THAT(version.error().message, HasSubstr("in time"));
  EXPECT_GE(took, Millis{150});
  EXPECT_LT(took, Millis{900});
}

TEST(RayCluster, APortThatAcceptsAndSaysNothingEndsAtTheDeadline) {
  const SilentPort port;
  const auto version = connect_ray(port.endpoint(), "")->version(in(Millis{300}));
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().fault, Fault::kTransient);
  EXPECT_EQ(version.error().code, ErrorCode::kRayUnreachable);
}

TEST(RayCluster, ADeadlineAtTheEndOfTimeIsNoOverflow) {
  GcsServer server;
  EXPECT_TRUE(connect_ray(server.endpoint(), "")->version(Time::max()).ok());
}

TEST(RayCluster, NobodyThereIsSaidShortly) {
  const auto version = connect_ray("127.0.0.1:1", "")->version(soon());
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().message, "Ray at 127.0.0.1:1 does not answer: Connection refused");
}

// A caller who waits for a head must not wait for gRPC's own backoff, which grows to minutes.
TEST(RayCluster, AHeadThatComesUpIsSeenSoon) {
  auto server = std::make_unique<GcsServer>();
  const int port = server->port();
  const auto cluster = connect_ray(server->endpoint(), "");
  server.reset();
  const Time down_until = in(Millis{3'300});
  while (SystemClock{}.now() < down_until) {
    ASSERT_FALSE(cluster->version(soon()).ok());
    std::this_thread::sleep_for(Millis{50});
  }
  server = std::make_unique<GcsServer>("", port);
  const Time up = SystemClock{}.now();
  while (!cluster->version(soon()).ok()) {
    ASSERT_LT(SystemClock{}.now() - up, Millis{5'000});
    std::this_thread::sleep_for(Millis{50});
  }
  EXPECT_LT(SystemClock{}.now() - up, Millis{1'500});
}

TEST(RayCluster, ProxiesOfTheEnvironmentAreNotUsed) {
  const SilentPort proxy;
  const std::string url = "http://" + proxy.endpoint();
  ASSERT_EQ(::setenv("http_proxy", url.c_str(), 1), 0);
  ASSERT_EQ(::setenv("grpc_proxy", url.c_str(), 1), 0);
  GcsServer server;
  const auto version = connect_ray(server.endpoint(), "")->version(in(Millis{3'000}));
  ::unsetenv("http_proxy");
  ::unsetenv("grpc_proxy");
  EXPECT_TRUE(version.ok()) << version.error().message;
}

TEST(RayCluster, GrpcSaysNothingOnStderr) {
  ::testing::internal::CaptureStderr();
  {
    GcsServer server("token");
    (void)connect_ray(server.endpoint(), "")->version(soon());
    (void)connect_ray("127.0.0.1:1", "")->version(soon());
    (void)connect_ray("no such endpoint", "")->version(in(Millis{500}));
    gpr_log(GPR_ERROR, "what gRPC writes to stderr when nobody stops it");
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(RayCluster, ManyThreadsMayShareOne) {
  GcsServer server("t");
  server.put("i-1", some_node("aa"));
  const auto cluster = connect_ray(server.endpoint(), "t");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&cluster] {
      for (int round = 0; round < 20; ++round)
        EXPECT_TRUE(cluster->view(soon()).ok());
    });
  }
}

// More than gRPC's default limit of 4 MB.
TEST(RayCluster, TenThousandNodes) {
  GcsServer server;
  for (int i = 0; i < 10'000; ++i) {
    RayNode node = some_node(to_hex("node-" + std::to_string(i)));
    node.activity = {std::string(400, 'x')};
    server.put("i-" + std::to_string(i), node);
  }
  const auto view = connect_ray(server.endpoint(), "")->view(in(Millis{60'000}));
  ASSERT_TRUE(view.ok()) << view.error().message;
  EXPECT_EQ(view->nodes.size(), 10'000U);
  EXPECT_EQ(view->nodes.at(CloudId{"i-9999"}), server.node(to_hex("node-9999")));
}

}  // namespace
}  // namespace rayctl
