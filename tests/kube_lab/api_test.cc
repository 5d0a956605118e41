// The client against a real API server and a real kubelet.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "providers/kubernetes/pod_exec.h"
#include "providers/kubernetes/pod_forward.h"
#include "tests/kube_lab/lab_pods.h"

namespace rayctl::kubernetes {
namespace {

using ::testing::HasSubstr;

constexpr char kSpace[] = "/api/v1/namespaces/default/";

class KubeLabTest : public testing::Test {
 protected:
  Time soon(int seconds = 60) { return clock_.now() + Millis{seconds * 1000}; }
  static Json config_map(const std::string& name) {
    return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}};
  }
  Result<ApiAnswer> make(const std::string& name) {
    return api_->call({.method = "POST",
                       .path = std::string(kSpace) + "configmaps",
                       .body = config_map(name),
                       .expected = {409}},
                      soon());
  }
  Result<ApiAnswer> remove(const std::string& name) {
    return api_->call({.method = "DELETE",
                       .path = std::string(kSpace) + "configmaps/" + name,
                       .expected = {404},
                       .repeatable = true},
                      soon());
  }
  SystemClock clock_;
  std::unique_ptr<Api> api_ = lab_api(clock_);
};

TEST_F(KubeLabTest, MakesListsWatchesAndRemoves) {
  const std::string maps = std::string(kSpace) + "configmaps";
  const auto before = api_->list(maps, {}, soon());
  ASSERT_TRUE(before) << before.error().message;
  std::multiset<std::string> seen;
  const auto watched = [&](const WatchEvent& event) {
    seen.insert(std::to_string(static_cast<int>(event.kind)) +
                event.object["metadata"]["name"].get<std::string>());
    return !seen.contains("2watched-2");
  };
  std::thread other([&] {
    for (const char* name : {"watched-1", "watched-2"}) {
      const auto made = make(name);
      EXPECT_TRUE(made) << made.error().message;
    }
    const auto again = make("watched-1");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->status, 409);
    EXPECT_TRUE(already_exists(again->failed));
    for (const char* name : {"watched-1", "watched-2"})
      EXPECT_TRUE(remove(name));
  });
  const auto end = api_->watch(maps, {}, before->resource_version, watched, soon(), {});
  other.join();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->end, WatchEnd::kStopped);
  EXPECT_EQ(seen,
            (std::multiset<std::string>{"0watched-1", "0watched-2", "2watched-1", "2watched-2"}));
  const auto gone = remove("watched-1");
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->status, 404);
}

TEST_F(KubeLabTest, AnAncientVersionIsExpired) {
  const auto end = api_->watch(std::string(kSpace) + "configmaps", {}, "1",
                               [](const WatchEvent&) { return true; }, soon(5), {});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_NE(end->end, WatchEnd::kStopped);
}

TEST_F(KubeLabTest, RefusalsAreTold) {
  const auto invalid = make("Bad_Name");
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().fault, Fault::kPermanent);
  EXPECT_THAT(invalid.error().message, HasSubstr("create configmaps in namespace default"));
  Json limits = {{"apiVersion", "v1"},
                 {"kind", "ResourceQuota"},
                 {"metadata", {{"name", "tight"}}},
                 {"spec", {{"hard", {{"services", "0"}}}}}};
  ASSERT_TRUE(api_->call(
      {.method = "POST", .path = std::string(kSpace) + "resourcequotas", .body = limits}, soon()));
  const Json service = {{"apiVersion", "v1"},
                        {"kind", "Service"},
                        {"metadata", {{"name", "one-too-many"}}},
                        {"spec", {{"ports", {{{"port", 1}}}}}}};
  const ApiCall one_more{.method = "POST",
                         .path = std::string(kSpace) + "services",
                         .query = {{"dryRun", "All"}},
                         .body = service,
                         .expected = {403}};
  bool refused = false;
  for (const Time late = soon(20); !refused && clock_.now() < late; clock_.sleep(Millis{100}, {})) {
    const auto answer = api_->call(one_more, soon());
    ASSERT_TRUE(answer) << answer.error().message;
    refused = answer->status == 403 && over_quota(answer->failed);
  }
  EXPECT_TRUE(refused);
  ASSERT_TRUE(api_->call({.method = "DELETE", .path = std::string(kSpace) + "resourcequotas/tight"},
                         soon()));
}

TEST_F(KubeLabTest, ExecsInAPod) {
  const LabPod pod(*api_, clock_);
  const PodExec exec = pod_exec(*api_, {"default", pod.name(), "main"}, clock_);
  std::string out, err;
  const OutputSink sink = [&](std::string_view piece, bool is_stderr) {
    (is_stderr ? err : out) += piece;
  };
  auto ran = exec({{"sh", "-c", "echo out; echo err >&2; exit 7"}, {}, ""}, soon(), sink, {});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit_code, 7);
  EXPECT_EQ(out, "out\n");
  EXPECT_EQ(err, "err\n");

  out.clear();
  const Time before = clock_.now();
  ran = exec({{"sh", "-c", "wc -c"}, {}, std::string(64U << 20, '\xfe')}, soon(), sink, {});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(out, std::to_string(64U << 20) + "\n");
  RecordProperty("milliseconds", std::to_string((clock_.now() - before).count()));

  ran = exec({{"no-such-program"}, {}, ""}, soon(), sink, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kContainerFailed) << ran.error().message;
  const PodExec nowhere = pod_exec(*api_, {"default", "no-such-pod", ""}, clock_);
  ran = nowhere({{"true"}, {}, ""}, soon(), sink, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::kTransient) << ran.error().message;
  EXPECT_EQ(ran.error().code, ErrorCode::kContainerFailed) << ran.error().message;
  const PodExec nothing = pod_exec(*api_, {"default", pod.name(), "other"}, clock_);
  ran = nothing({{"true"}, {}, ""}, soon(), sink, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kContainerFailed) << ran.error().message;
}

/// What a port of this machine says to a line.
std::string ask_port(int port, const std::string& line) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const timeval limit{20, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  std::string all;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      ::send(socket, line.data(), line.size(), MSG_NOSIGNAL) > 0) {
    std::string piece(65536, '\0');
    for (ssize_t got = 0; (got = ::recv(socket, piece.data(), piece.size(), 0)) > 0;)
      all.append(piece, 0, static_cast<std::size_t>(got));
  }
  ::close(socket);
  return all;
}

TEST_F(KubeLabTest, ForwardsAPort) {
  const LabPod pod(*api_, clock_);
  const PodExec exec = pod_exec(*api_, {"default", pod.name(), "main"}, clock_);
  const std::string large(3'000'000, 'x');
  auto ran = exec({{"sh", "-c",
                    "cat >large; nohup python3 -m http.server 8080 --bind 127.0.0.1 "
                    "</dev/null >/dev/null 2>&1 &"},
                   {},
                   large},
                  soon(), {}, {});
  ASSERT_TRUE(ran) << ran.error().message;
  const auto port = PodForward::open(*api_, {"default", pod.name(), ""}, 8080, clock_);
  ASSERT_TRUE(port) << port.error().message;
  std::string page;
  for (const Time late = soon(20); page.empty() && clock_.now() < late;) {
    page = ask_port((*port)->local_port(), "GET /large HTTP/1.0\r\n\r\n");
    if (page.empty()) clock_.sleep(Millis{200}, {});
  }
  EXPECT_TRUE(page.ends_with(large)) << page.substr(0, 200) << (*port)->trouble();
  const auto closed = PodForward::open(*api_, {"default", pod.name(), ""}, 8081, clock_);
  ASSERT_TRUE(closed);
  EXPECT_EQ(ask_port((*closed)->local_port(), "x"), "");
  EXPECT_THAT((*closed)->trouble(), HasSubstr("refused"));
}

}  // namespace
}  // namespace rayctl::kubernetes
