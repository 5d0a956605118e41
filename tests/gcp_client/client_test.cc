#include "providers/gcp/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/parallel.h"
#include "tests/gcp_client/home.h"
#include "tests/net/loopback_server.h"
#include "tests/support/fake_clock.h"

namespace rayctl::gcp {
namespace {

using Ending = ScriptedAnswer::Ending;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ScriptedAnswer fine() {
  return {.body = R"({"items":[]})"};
}
ScriptedAnswer refusal(int status, const std::string& reason, const std::string& words = "words") {
  return {.status = status,
          .body = Json{{"error",
                        {{"code", status},
                         {"message", words},
                         {"errors", {{{"reason", reason}, {"message", words}}}}}}}
                      .dump()};
}

/// A client of a server that gives the answers of a list and then always the last; what asks for a
/// token gets one, numbered.
class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : server_([this](const ReceivedRequest& request) { return next(request); }) {
    env_ = home_.env();
    for (const char* service : {"COMPUTE", "IAM", "CLOUDRESOURCEMANAGER", "TPU"}) {
      env_[std::string("CLOUDSDK_API_ENDPOINT_OVERRIDES_") + service] =
          server_.url() + "/" + service + (service == std::string("TPU") ? "/v2" : "/v1/");
    }
    login();
  }
  void login(const Json& more = Json::object()) {
    env_["CLOUDSDK_AUTH_TOKEN_HOST"] = server_.url() + "/token";
    Json file = {{"type", "authorized_user"},
                 {"client_id", "C"},
                 {"client_secret", "sekrit"},
                 {"refresh_token", "R"},
                 {"account", "ann@x"}};
    file.update(more);
    home_.login(file.dump());
  }
  ScriptedAnswer next(const ReceivedRequest& request) {
    if (request.target == "/token") {
      return {.body =
                  R"({"access_token":"T)" + std::to_string(++tokens_) + R"(","expires_in":3599})"};
    }
    ++sent_;
    ScriptedAnswer answer = script_.front();
    if (script_.size() > 1) script_.pop_front();
    return answer;
  }
  void script(std::deque<ScriptedAnswer> answers) { script_ = std::move(answers); }
  ApiSettings settings() {
    ApiSettings settings;
    settings.env = env_;
    settings.clock = &clock_;
    settings.random = [] { return 1.0; };
    return settings;
  }
  std::unique_ptr<Client> client() { return make_api(settings()); }
  Time soon() const { return clock_.now() + std::chrono::minutes{10}; }
  static Call list() {
    return {.id = "compute.instances.list", .path = "projects/p/instances", .repeatable = true};
  }
  static Call insert(bool repeatable = false) {
    return {.id = "compute.instances.insert",
            .verb = "POST",
            .path = "projects/p/instances",
            .body = Json{{"name", "x"}},
            .repeatable = repeatable};
  }
  Reply<Json> once(const Call& call) { return client()->call(call, soon()); }
  ReceivedRequest last() const { return server_.requests().back(); }
  Millis waited() const { return clock_.now() - start_; }

  FakeClock clock_;
  const Time start_ = clock_.now();
  Home home_;
  Environment env_;
  std::deque<ScriptedAnswer> script_ = {fine()};
  std::atomic<int> tokens_ = 0, sent_ = 0;
  LoopbackServer server_;
};

TEST_F(ClientTest, SendsATokenAndReadsTheAnswer) {
  const auto api = client();
  Call call = list();
  call.query = {{"filter", "labels.a = b"}, {"maxResults", "500"}};
  const auto reply = api->call(call, soon());
  ASSERT_TRUE(reply.value.ok()) << reply.value.error().message;
  EXPECT_EQ(*reply, Json({{"items", Json::array()}}));
  EXPECT_EQ(last().method, "GET");
  EXPECT_EQ(last().target,
            "/COMPUTE/v1/projects/p/instances?filter=labels.a%20%3D%20b&maxResults=500");
  EXPECT_EQ(last().headers.at("authorization"), "Bearer T1");
  EXPECT_FALSE(last().headers.contains("x-goog-user-project"));
  EXPECT_FALSE(last().headers.contains("content-type"));
  ASSERT_TRUE(api->call(insert(), soon()).value.ok());
  EXPECT_EQ(last().method, "POST");
  EXPECT_EQ(last().body, R"({"name":"x"})");
  EXPECT_EQ(last().headers.at("content-type"), "application/json");
  EXPECT_EQ(api->calls(), (std::map<std::string, int>{{"compute.instances.insert", 1},
                                                      {"compute.instances.list", 1}}));
  EXPECT_EQ(tokens_, 1);
}

TEST_F(ClientTest, EachServiceHasItsPlace) {
  const auto api = client();
  for (const auto& [service, path] : {std::pair{Service::kCompute, "/COMPUTE/v1/x"},
                                      {Service::kIam, "/IAM/v1/x"},
                                      {Service::kResourceManager, "/CLOUDRESOURCEMANAGER/v1/x"},
                                      {Service::kTpu, "/TPU/v2/x"}}) {
    ASSERT_TRUE(api->call({.id = "a.b.c", .service = service, .path = "x"}, soon()).value.ok());
    EXPECT_EQ(last().target, path);
  }
}

TEST_F(ClientTest, TheQuotaProjectIsNamed) {
  login({{"quota_project_id", "q"}});
  ASSERT_TRUE(once(list()).value.ok());
  EXPECT_EQ(last().headers.at("x-goog-user-project"), "q");
}

TEST_F(ClientTest, AnAnswerMayHaveNothingToSay) {
  script({{.status = 204}});
  const auto reply = once(insert());
  ASSERT_TRUE(reply.value.ok());
  EXPECT_EQ(*reply, Json::object());
}

TEST_F(ClientTest, ARefusalComesBackAtOnce) {
  script({refusal(409, "alreadyExists", "it is there")});
  const auto reply = once(insert(true));
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().fault, Fault::kPermanent);
  EXPECT_EQ(reply.value.error().message, "compute.instances.insert: alreadyExists: it is there");
  EXPECT_EQ(reply.api.reason, "alreadyExists");
  EXPECT_EQ(reply.api.status, 409);
  EXPECT_EQ(sent_, 1);
}

TEST_F(ClientTest, AMissingRightSaysWhichAndWhose) {
  script({refusal(403, "forbidden", "Required 'compute.instances.create' permission for 'x'")});
  const Error error = once(insert()).value.error();
  EXPECT_EQ(error.code, ErrorCode::kCredentials);
  EXPECT_THAT(error.message, AllOf(HasSubstr("compute.instances.create"),
                                   HasSubstr("`rayctl iam-policy CONFIG`")));
  EXPECT_THAT(error.context, ElementsAre(HasSubstr("credentials: ann@x from ")));
  EXPECT_EQ(sent_, 1);
}

TEST_F(ClientTest, WaitsLongerEachTimeItIsTooFast) {
  script({refusal(429, "rateLimitExceeded"), refusal(403, "userRateLimitExceeded"),
          refusal(403, "rateLimitExceeded"), fine()});
  EXPECT_TRUE(once(insert()).value.ok());
  EXPECT_EQ(sent_, 4);
  EXPECT_EQ(waited(), Millis{500 + 1000 + 2000});
}

TEST_F(ClientTest, WaitsAsLongAsItIsTold) {
  ScriptedAnswer busy = refusal(429, "rateLimitExceeded");
  busy.headers = {{"Retry-After", "7"}};
  script({busy, fine()});
  EXPECT_TRUE(once(list()).value.ok());
  EXPECT_EQ(waited(), Millis{7'000});
}

TEST_F(ClientTest, TooFastToTheEndIsTransient) {
  script({refusal(429, "rateLimitExceeded")});
  const auto reply = once(insert());
  EXPECT_EQ(reply.value.error().fault, Fault::kTransient);
  EXPECT_EQ(reply.value.error().code, ErrorCode::kProviderUnavailable);
  EXPECT_EQ(sent_, 5);
}

TEST_F(ClientTest, NoPauseGoesBeyondTheDeadline) {
  script({refusal(429, "rateLimitExceeded")});
  EXPECT_FALSE(client()->call(list(), clock_.now() + Millis{1'400}).value.ok());
  EXPECT_EQ(sent_, 2);
}

TEST_F(ClientTest, FailuresOfTheServiceAreRetriedWhereThatIsSafe) {
  script({refusal(500, "internalError"),
          {.status = 502, .body = "<html>"},
          refusal(503, "backendError"),
          fine()});
  EXPECT_TRUE(once(insert(true)).value.ok());
  EXPECT_EQ(sent_, 4);
  script({refusal(503, "backendError"), fine()});
  const auto reply = once(insert());
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().fault, Fault::kUnknown);
  EXPECT_EQ(sent_, 5);
  script({refusal(503, "backendError")});
  EXPECT_EQ(once(list()).value.error().fault, Fault::kTransient);  // nothing is in doubt
}

TEST_F(ClientTest, LostAnswersAreAskedForAgainWhereThatIsSafe) {
  const ScriptedAnswer cut{.body = R"({"items":[]})", .ending = Ending::kCut};
  const ScriptedAnswer drop{.ending = Ending::kDrop};
  script({cut, drop, fine()});
  EXPECT_TRUE(once(insert(true)).value.ok());
  EXPECT_EQ(sent_, 3);
  script({drop, fine()});
  const auto reply = once(insert());
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().fault, Fault::kUnknown);
  EXPECT_EQ(sent_, 4);
}

TEST_F(ClientTest, WhatMayHaveBeenHeardStaysUnknownUntilTheServiceSaysMore) {
  const ScriptedAnswer drop{.ending = Ending::kDrop};
  script({drop, refusal(429, "rateLimitExceeded")});
  EXPECT_EQ(once(insert(true)).value.error().fault, Fault::kUnknown);
  script({drop, refusal(400, "invalid")});
  EXPECT_EQ(once(insert(true)).value.error().fault, Fault::kPermanent);
}

TEST_F(ClientTest, AnAnswerThatIsNoneOfGooglesIsUnknown) {
  for (const char* body : {"", "garbage", "<html>log in</html>", "[]", "3"}) {
    script({{.body = body}});
    const auto reply = once(insert());
    ASSERT_FALSE(reply.value.ok()) << body;
    EXPECT_EQ(reply.value.error().fault, Fault::kUnknown) << body;
  }
  script({{.body = "<html/>"}, fine()});
  EXPECT_TRUE(once(list()).value.ok());
}

TEST_F(ClientTest, NobodyThereIsTransient) {
  env_["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"] =
      "http://127.0.0.1:" + std::to_string(closed_port());
  const auto reply = once(insert());
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().fault, Fault::kTransient);
  EXPECT_EQ(reply.value.error().code, ErrorCode::kProviderUnavailable);
  EXPECT_EQ(reply.api.status, 0);
  EXPECT_GT(waited(), Millis{0});
}

TEST_F(ClientTest, ARefusedTokenIsLookedForAgainOnce) {
  const auto api = client();
  script({refusal(401, "authError"), fine()});
  ASSERT_TRUE(api->call(insert(), soon()).value.ok());
  EXPECT_EQ(last().headers.at("authorization"), "Bearer T2");
  script({refusal(401, "authError", "Invalid Credentials")});
  const Error error = api->call(insert(), soon()).value.error();
  EXPECT_EQ(sent_, 4);
  EXPECT_EQ(tokens_, 3);
  EXPECT_EQ(error.code, ErrorCode::kCredentials);
  EXPECT_THAT(error.message, AllOf(HasSubstr("Invalid Credentials"), HasSubstr("ann@x from "),
                                   Not(HasSubstr("T3"))));
  EXPECT_EQ(waited(), Millis{0});
}

TEST_F(ClientTest, ATokenThatIsGivenIsNotLookedForAgain) {
  ApiSettings given = settings();
  given.given = {{"type", "credentials_token"}, {"credentials", "mine"}};
  const auto api = make_api(std::move(given));
  script({refusal(401, "authError")});
  EXPECT_THAT(api->call(list(), soon()).value.error().message,
              HasSubstr("(credentials: provider.gcp_credentials)"));
  EXPECT_EQ(last().headers.at("authorization"), "Bearer mine");
  EXPECT_EQ(sent_, 1);
}

TEST_F(ClientTest, TheTokenIsRenewedBeforeItExpires) {
  const auto api = client();
  ASSERT_TRUE(api->call(list(), soon()).value.ok());
  clock_.turn(std::chrono::minutes{58});
  ASSERT_TRUE(api->call(list(), soon()).value.ok());
  EXPECT_EQ(last().headers.at("authorization"), "Bearer T2");
  EXPECT_EQ(api->token(soon())->principal, "ann@x");
  EXPECT_EQ(tokens_, 2);
}

TEST_F(ClientTest, WithoutCredentialsNothingIsSent) {
  std::filesystem::remove(home_.path(".config/gcloud/application_default_credentials.json"));
  const auto reply = once(list());
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(reply.value.error().message, HasSubstr("GOOGLE_APPLICATION_CREDENTIALS is not set"));
  EXPECT_THAT(reply.value.error().context, ElementsAre("compute.instances.list"));
  EXPECT_EQ(sent_, 0);
}

TEST_F(ClientTest, TrustsTheCertificatesThatGcloudIsToldOf) {
  home_.config("default", "[core]\ncustom_ca_certs_file = " + home_.path("gone.pem") + "\n");
  env_["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"] =
      "https://127.0.0.1:" + std::to_string(server_.port());
  EXPECT_THAT(once(list()).value.error().message, HasSubstr("gone.pem"));
}

TEST_F(ClientTest, SaysTheProject) {
  env_["GOOGLE_CLOUD_PROJECT"] = "p1";
  EXPECT_EQ(client()->project("", soon())->id, "p1");
  EXPECT_EQ(client()->project("p2", soon())->id, "p2");
}

TEST_F(ClientTest, NoSecretIsInAnyError) {
  script({refusal(401, "authError"), refusal(400, "nope"), {.body = "?"}});
  for (int i = 0; i < 3; ++i) {
    const auto reply = once(insert());
    ASSERT_FALSE(reply.value.ok());
    for (const char* secret : {"sekrit", "T1", "T2"}) {
      EXPECT_THAT(reply.value.error().message, Not(HasSubstr(secret)));
      EXPECT_THAT(reply.value.error().context, Each(Not(HasSubstr(secret))));
    }
  }
}

TEST_F(ClientTest, StopsWaitingWhenToldTo) {
  std::stop_source stop;
  clock_.on_sleep = [&] { stop.request_stop(); };
  script({refusal(429, "rateLimitExceeded")});
  ApiSettings stopped = settings();
  stopped.stop = stop.get_token();
  EXPECT_FALSE(make_api(std::move(stopped))->call(list(), soon()).value.ok());
  EXPECT_EQ(sent_, 1);
}

TEST_F(ClientTest, ServesManyThreads) {
  const auto api = client();
  std::atomic<int> right = 0;
  for_each_index(100, 10, [&](std::size_t) {
    if (api->call(list(), soon()).value.ok()) ++right;
  });
  EXPECT_EQ(right, 100);
  EXPECT_EQ(api->calls().at("compute.instances.list"), 100);
  EXPECT_EQ(tokens_, 1);
}

}  // namespace
}  // namespace rayctl::gcp
