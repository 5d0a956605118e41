#include "tests/kubernetes/api_world.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/files.h"

namespace rayctl::kubernetes {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Answers one after the other, the last one for ever.
class Script {
 public:
  struct Step {
    int code = 200;
    std::string body = "{}";
    std::string headers = {};
    bool drop = false;  ///< closes without an answer
  };
  explicit Script(std::vector<Step> steps) : steps_(std::move(steps)) {}
  void operator()(Peer& peer) {
    while (const auto request = peer.read_request()) {
      Step step;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(*request);
        step = steps_.at(std::min(requests_.size(), steps_.size()) - 1);
      }
      if (step.drop || !peer.answer(step.code, step.body, step.headers)) return;
    }
  }
  std::vector<Peer::Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  const std::vector<Step> steps_;
  std::mutex mutex_;
  std::vector<Peer::Request> requests_;
};

class ApiTest : public ApiWorld {
 protected:
  Result<ApiAnswer> ask(Script& script, const ApiCall& call, int milliseconds = 20'000) {
    const PeerServer server([&](Peer& peer) { script(peer); });
    return api(server)->call(call, soon(milliseconds));
  }
};

TEST_F(ApiTest, SendsWhatItIsToldAsWhoItIs) {
  user_.token = "t";
  user_.impersonate = {{"Impersonate-User", "boss"}};
  Script script({{201, R"({"kind":"Pod"})"}});
  const auto answer = ask(script, {.method = "POST",
                                   .path = kPods,
                                   .query = {{"dryRun", "All"}},
                                   .body = {{"kind", "Pod"}},
                                   .content_type = kApplyPatch});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body["kind"], "Pod");
  Peer::Request request = script.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, std::string(kPods) + "?dryRun=All");
  EXPECT_EQ(request.body, R"({"kind":"Pod"})");
  EXPECT_EQ(request.headers["authorization"], "Bearer t");
  EXPECT_EQ(request.headers["impersonate-user"], "boss");
  EXPECT_EQ(request.headers["content-type"], kApplyPatch);
  EXPECT_EQ(request.headers["accept"], "application/json");
}

TEST_F(ApiTest, WaitsAsTheServerAsksUntilTheDeadline) {
  Script busy(
      {{429, "Too many requests", "Retry-After: 1\r\n"}, {503, "", "Retry-After: 1\r\n"}, {}});
  const Time before = clock_.now();
  EXPECT_TRUE(ask(busy, {.method = "POST", .path = kPods}));
  EXPECT_EQ(busy.requests().size(), 3U);
  EXPECT_GE(clock_.now() - before, Millis{2'000});
  Script always({{429, "", "Retry-After: 1\r\n"}});
  const auto answer = ask(always, {.path = kPods}, 1'500);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::kTransient);
  EXPECT_EQ(always.requests().size(), 2U);
  Script quick({{503}, {503}, {503}, {503}, {503}, {503}, {503}, {}});
  EXPECT_TRUE(ask(quick, {.path = kPods})) << "more often than the number of tries";
}

TEST_F(ApiTest, ReadsAreRepeatedAndWritesAreUnknown) {
  for (const bool drop : {true, false}) {
    const Script::Step fails{500, "", "", drop};
    Script read({fails, fails, {}});
    EXPECT_TRUE(ask(read, {.path = kPods})) << drop;
    Script write({fails, {}});
    const auto answer = ask(write, {.method = "POST", .path = kPods});
    ASSERT_FALSE(answer) << drop;
    EXPECT_EQ(answer.error().fault, Fault::kUnknown);
    EXPECT_EQ(write.requests().size(), 1U);
    Script again({fails, {}});
    EXPECT_TRUE(ask(again, {.method = "PATCH", .path = kPods, .repeatable = true})) << drop;
    Script never({fails});
    EXPECT_FALSE(ask(never, {.path = kPods}));
    EXPECT_EQ(never.requests().size(), 4U);
  }
}

TEST_F(ApiTest, WhatWasNotSentIsTransient) {
  std::string nowhere;
  {
    const PeerServer gone([](Peer&) {});
    nowhere = gone.url();
  }
  ApiSettings settings;
  settings.target.cluster.server = nowhere;
  settings.clock = &clock_;
  settings.backoff = {Millis{1}, Millis{5}, 3};
  const auto answer = make_api(settings)->call({.method = "POST", .path = kPods}, soon());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::kTransient);
}

TEST_F(ApiTest, A401AsksForCredentialsOnceMore) {
  const std::string file = (std::filesystem::temp_directory_path() / "api-test-token").string();
  ASSERT_TRUE(write_file_atomic(file, "old"));
  user_.token_file = file;
  int served = 0;
  const PeerServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (++served == 2) {
        EXPECT_TRUE(write_file_atomic(file, "new"));
      }
      const bool good = request->headers.at("authorization") == "Bearer new" || served == 1;
      peer.answer(good ? 200 : 401, good ? "{}" : status(401, "Unauthorized", "Unauthorized"));
    }
  });
  const auto client = api(server);
  EXPECT_TRUE(client->call({.path = kPods}, soon()));
  const auto second = client->call({.method = "POST", .path = kPods}, soon());
  EXPECT_TRUE(second) << second.error().message;
  EXPECT_EQ(served, 3);
  ASSERT_TRUE(write_file_atomic(file, "bad"));
  user_.token_file.clear();
  user_.token = "never";
  const auto refused = api(server)->call({.path = kPods}, soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(refused.error().message, HasSubstr("the test"));
  EXPECT_EQ(served, 5);
  std::filesystem::remove(file);
}

TEST_F(ApiTest, ExpectedStatusesAreAnswers) {
  Script script({{409, status(409, "AlreadyExists", "it is there")}});
  const auto answer = ask(script, {.method = "POST", .path = kPods, .expected = {409}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 409);
  EXPECT_TRUE(already_exists(answer->failed));
  Script other({{404, status(404, "NotFound", "no such thing")}});
  const auto error = ask(other, {.path = std::string(kPods) + "/p"});
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().message, "get pods `p` in namespace demo: no such thing");
}

TEST_F(ApiTest, TextIsGivenAsItIs) {
  Script script({{200, "line one\nline two\n"}});
  const auto answer = ask(script, {.path = std::string(kPods) + "/p/log"});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->body.is_null());
  EXPECT_EQ(answer->text, "line one\nline two\n");
}

std::string page(const std::vector<int>& items, const std::string& next) {
  Json list = {{"items", Json::array()},
               {"metadata", {{"resourceVersion", "77"}, {"continue", next}}}};
  for (const int item : items)
    list["items"].push_back(item);
  return list.dump();
}

TEST_F(ApiTest, ListsComeInPagesAndBeginAnewWhenForgotten) {
  Script script({{200, page({1, 2}, "more")},
                 {410, status(410, "Expired", "too old")},
                 {200, page({1, 2}, "more")},
                 {200, page({3}, "")}});
  const PeerServer server([&](Peer& peer) { script(peer); });
  const auto list = api(server)->list(kPods, {{"labelSelector", "a=b"}}, soon());
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->items, (std::vector<Json>{1, 2, 3}));
  EXPECT_EQ(list->resource_version, "77");
  std::vector<std::string> asked;
  for (const Peer::Request& request : script.requests())
    asked.push_back(request.target.substr(sizeof(kPods)));
  EXPECT_THAT(
      asked,
      ElementsAre("labelSelector=a%3Db&limit=500", "labelSelector=a%3Db&limit=500&continue=more",
                  "labelSelector=a%3Db&limit=500", "labelSelector=a%3Db&limit=500&continue=more"));
}

TEST_F(ApiTest, AListThatIsForgottenForEverEnds) {
  const PeerServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      const bool first = request->target.find("continue") == std::string::npos;
      peer.answer(first ? 200 : 410, first ? page({1}, "m") : status(410, "Expired", "too old"));
    }
  });
  const auto list = api(server)->list(kPods, {}, soon());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().fault, Fault::kConflict);
}

TEST_F(ApiTest, TheClientsCertificateMayChange) {
  const TestIdentity ca = make_test_ca();
  std::vector<std::string> names;
  const PeerServer server(
      [&](Peer& peer) {
        while (const auto request = peer.read_request()) {
          names.push_back(peer.client_name());
          peer.answer(names.size() == 2 ? 401 : 200, "{}");
        }
      },
      PeerServer::Tls{make_test_identity(ca, "server", "IP:127.0.0.1"), ca.certificate});
  ExecPlugin plugin;
  plugin.version = "client.authentication.k8s.io/v1";
  plugin.command = "/bin/sh";
  user_.exec = plugin;
  std::atomic<int> runs = 0;
  run_ = [&](const std::vector<std::string>&, const Environment&, Time) {
    const TestIdentity me = make_test_identity(ca, "me-" + std::to_string(++runs), "");
    return Result<std::string>(
        Json({{"kind", "ExecCredential"},
              {"apiVersion", plugin.version},
              {"status", {{"clientCertificateData", me.certificate}, {"clientKeyData", me.key}}}})
            .dump());
  };
  ApiSettings settings;
  settings.target.cluster = {.server = server.url(), .ca = ca.certificate};
  settings.target.user = user_;
  settings.run = run_;
  settings.clock = &clock_;
  const auto client = make_api(settings);
  for (int call = 0; call < 2; ++call) {
    const auto answer = client->call({.path = kPods}, soon());
    EXPECT_TRUE(answer) << answer.error().message;
  }
  EXPECT_THAT(names, ElementsAre("me-1", "me-1", "me-2"));
}

}  // namespace
}  // namespace rayctl::kubernetes
