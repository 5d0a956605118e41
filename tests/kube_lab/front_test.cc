// The client through the lab's front, which fails as it is told.
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "net/http_client.h"
#include "providers/kubernetes/pod_exec.h"
#include "tests/kube_lab/lab_pods.h"

namespace rayctl::kubernetes {
namespace {

constexpr char kMaps[] = "/api/v1/namespaces/default/configmaps";

class FrontTest : public testing::Test {
 public:
  FrontTest() { tell("clear", Json::object()); }
  ~FrontTest() override { tell("clear", Json::object()); }

 protected:
  Time soon(int seconds = 60) { return clock_.now() + Millis{seconds * 1000}; }
  void tell(const std::string& what, const Json& body) {
    const HttpRequest request{.method = "POST",
                              .url = std::string(std::getenv("KUBELAB_CONTROL")) + "/" + what,
                              .body = body.dump()};
    const auto answer = make_http_client({}, clock_)->send(request, soon());
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200) << answer->body;
  }
  Result<ApiAnswer> make(Api& api, const std::string& name) {
    return api.call(
        {.method = "POST",
         .path = kMaps,
         .body = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}}},
        soon());
  }
  Result<ApiAnswer> remove(Api& api, const std::string& name) {
    return api.call({.method = "DELETE",
                     .path = std::string(kMaps) + "/" + name,
                     .expected = {404},
                     .repeatable = true},
                    soon());
  }

  SystemClock clock_;
  std::unique_ptr<Api> api_ = lab_api(clock_, std::getenv("KUBELAB_FRONT_CONFIG"));
};

TEST_F(FrontTest, BusyIsWaitedForAndALostAnswerIsUnknown) {
  tell("fault", {{"action", "create configmaps"},
                 {"kind", "error"},
                 {"status", 429},
                 {"retry_after", 1},
                 {"count", 2}});
  const Time before = clock_.now();
  const auto made = make(*api_, "front-1");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GE(clock_.now() - before, Millis{2'000});
  tell("fault", {{"action", "create configmaps"}, {"kind", "lost-answer"}});
  const auto lost = make(*api_, "front-2");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().fault, Fault::kUnknown) << lost.error().message;
  tell("fault", {{"action", "list configmaps"}, {"kind", "cut"}, {"bytes", 100}, {"count", 2}});
  const auto all = api_->list(kMaps, {}, soon());
  ASSERT_TRUE(all) << all.error().message;
  int found = 0;
  for (const Json& item : all->items)
    found += item["metadata"]["name"].get<std::string>().starts_with("front-") ? 1 : 0;
  EXPECT_EQ(found, 2) << "what was lost was done";
  tell("fault", {{"action", "delete configmaps"}, {"kind", "lost-answer"}});
  EXPECT_TRUE(remove(*api_, "front-1"));
  EXPECT_TRUE(remove(*api_, "front-2"));
}

TEST_F(FrontTest, AWatchSeesEveryEventOverBrokenConnections) {
  const auto before = api_->list(kMaps, {}, soon());
  ASSERT_TRUE(before) << before.error().message;
  tell("fault",
       {{"action", "watch configmaps"}, {"kind", "drop"}, {"seconds", 0.3}, {"count", -1}});
  const std::unique_ptr<Api> direct = lab_api(clock_);
  std::thread other([&] {
    for (int number = 0; number < 15; ++number) {
      const auto made = make(*direct, "seen-" + std::to_string(number));
      EXPECT_TRUE(made) << made.error().message;
      clock_.sleep(Millis{100}, {});
    }
  });
  std::vector<std::string> seen, wanted;
  const auto end = api_->watch(kMaps, {}, before->resource_version,
                               [&](const WatchEvent& event) {
                                 seen.push_back(event.object["metadata"]["name"]);
                                 return seen.back() != "seen-14";
                               },
                               soon(30), {});
  other.join();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->end, WatchEnd::kStopped);
  for (int number = 0; number < 15; ++number) {
    wanted.push_back("seen-" + std::to_string(number));
    EXPECT_TRUE(remove(*direct, wanted.back()));
  }
  EXPECT_EQ(seen, wanted);
  tell("clear", Json::object());
  tell("fault", {{"action", "watch configmaps"}, {"kind", "gone"}});
  const auto gone = api_->watch(kMaps, {}, before->resource_version,
                                [](const WatchEvent&) { return true; }, soon(10), {});
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(gone->end, WatchEnd::kExpired);
}

TEST_F(FrontTest, AnExecThatIsCutIsUnknown) {
  const LabPod pod(*api_, clock_);
  const PodExec exec = pod_exec(*api_, {"default", pod.name(), "main"}, clock_);
  tell("fault", {{"action", "get pods/exec"}, {"kind", "drop"}, {"seconds", 0.5}});
  const auto cut = exec({{"sleep", "5"}, {}, ""}, soon(), {}, {});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().fault, Fault::kUnknown) << cut.error().message;
  tell("fault", {{"action", "get pods/exec"}, {"kind", "error"}, {"status", 503}});
  const auto ran = exec({{"sh", "-c", "exit 4"}, {}, ""}, soon(), {}, {});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit_code, 4);
}

}  // namespace
}  // namespace rayctl::kubernetes
