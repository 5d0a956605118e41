#include "providers/aws/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/parallel.h"
#include "providers/aws/sigv4.h"
#include "tests/aws_client/home.h"
#include "tests/net/loopback_server.h"
#include "tests/support/fake_clock.h"

namespace rayctl::aws {
namespace {

using Ending = ScriptedAnswer::Ending;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kFine[] =
    "<?xml version=\"1.0\"?><DescribeInstancesResponse "
    "xmlns=\"http://x/\"><requestId>r-1</requestId>"
    "<reservationSet/></DescribeInstancesResponse>";

ScriptedAnswer fine() {
  return {.status = 200, .body = kFine};
}
ScriptedAnswer refusal(int status, const std::string& code, const std::string& message = "words") {
  return {.status = status,
          .body = "<Response><Errors><Error><Code>" + code + "</Code><Message>" + message +
                  "</Message></Error></Errors><RequestID>r-7</RequestID></Response>"};
}

/// A client of a server that gives the answers of a list and then always the last.
class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : server_([this](const ReceivedRequest&) { return next(); }) {
    env_ = home_.env();
    env_["AWS_ENDPOINT_URL"] = server_.url();
    env_["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE";
    env_["AWS_SECRET_ACCESS_KEY"] = "sekrit";
  }
  ScriptedAnswer next() {
    ScriptedAnswer answer = script_.front();
    if (script_.size() > 1) script_.pop_front();
    return answer;
  }
  void script(std::deque<ScriptedAnswer> answers) { script_ = std::move(answers); }
  std::unique_ptr<Client> client() {
    ApiSettings settings;
    settings.region = "eu-west-1";
    settings.env = env_;
    settings.clock = &clock_;
    settings.random = [] { return 1.0; };
    return make_api(std::move(settings));
  }
  Time soon() const { return clock_.now() + std::chrono::minutes{10}; }
  Reply<Answer> describe(Client& api) { return api.query("ec2", "DescribeInstances", {}, soon()); }
  Reply<Answer> once(const std::string& action, const Params& params = {}) {
    return client()->query("ec2", action, params, soon());
  }
  std::size_t sent() const { return server_.requests().size(); }
  Millis waited() const { return clock_.now() - start_; }

  FakeClock clock_;
  const Time start_ = clock_.now();
  Home home_;
  Environment env_;
  std::deque<ScriptedAnswer> script_ = {fine()};
  LoopbackServer server_;
};

TEST_F(ClientTest, SendsASignedFormAndReadsTheAnswer) {
  const auto api = client();
  const auto reply =
      api->query("ec2", "DescribeInstances",
                 {{"Filter.1.Name", "tag:a b"}, {"Filter.1.Value.1", "x&y"}}, soon());
  ASSERT_TRUE(reply.value.ok()) << reply.value.error().message;
  EXPECT_STREQ((*reply)->document_element().child("requestId").text().get(), "r-1");
  const ReceivedRequest got = server_.requests().at(0);
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, "/");
  EXPECT_EQ(got.body,
            "Action=DescribeInstances&Filter.1.Name=tag%3Aa%20b&Filter.1.Value.1=x%26y&"
            "Version=2016-11-15");
  EXPECT_EQ(api->calls(), (std::map<std::string, int>{{"DescribeInstances", 1}}));
  EXPECT_EQ(api->region(), "eu-west-1");

  // What arrives bears the signature that follows from it.
  HttpRequest as_received;
  as_received.method = got.method;
  as_received.url = server_.url() + got.target;
  as_received.headers = {{"Content-Type", got.headers.at("content-type")}};
  as_received.body = got.body;
  const auto expected =
      sign(as_received, {"AKIDEXAMPLE", "sekrit", ""}, {"eu-west-1", "ec2"}, start_);
  EXPECT_EQ(got.headers.at("authorization"), expected.back().second);
}

TEST_F(ClientTest, EachServiceHasItsVersionAndRegion) {
  script({{.body = "<GetRoleResponse/>"}});
  const auto api = client();
  ASSERT_TRUE(api->query("iam", "GetRole", {}, soon()).value.ok());
  ASSERT_TRUE(api->query("sts", "GetCallerIdentity", {}, soon()).value.ok());
  EXPECT_THAT(server_.requests()[0].body, HasSubstr("Version=2010-05-08"));
  EXPECT_THAT(server_.requests()[0].headers.at("authorization"), HasSubstr("/us-east-1/iam/"));
  EXPECT_THAT(server_.requests()[1].body, HasSubstr("Version=2011-06-15"));
  EXPECT_THAT(server_.requests()[1].headers.at("authorization"), HasSubstr("/eu-west-1/sts/"));
}

TEST_F(ClientTest, SpeaksJson) {
  script({{.body = R"({"Parameter":{"Value":"ami-1"}})"},
          {.status = 400,
           .body = R"({"__type":"com.amazonaws.ssm#ParameterNotFound","message":"none"})",
           .headers = {{"x-amzn-RequestId", "r-9"}}}});
  const auto api = client();
  const auto reply = api->json("ssm", "AmazonSSM.GetParameter", Json{{"Name", "/x"}}, soon());
  ASSERT_TRUE(reply.value.ok()) << reply.value.error().message;
  EXPECT_EQ((*reply)["Parameter"]["Value"], "ami-1");
  const ReceivedRequest got = server_.requests().at(0);
  EXPECT_EQ(got.body, R"({"Name":"/x"})");
  EXPECT_EQ(got.headers.at("x-amz-target"), "AmazonSSM.GetParameter");
  EXPECT_EQ(got.headers.at("content-type"), "application/x-amz-json-1.1");
  EXPECT_THAT(got.headers.at("authorization"), HasSubstr("x-amz-target"));
  const auto missing = api->json("ssm", "AmazonSSM.GetParameter", Json{{"Name", "/y"}}, soon());
  EXPECT_EQ(missing.api.code, "ParameterNotFound");
  EXPECT_EQ(missing.value.error().message, "ssm:GetParameter: ParameterNotFound: none");
  EXPECT_THAT(missing.value.error().context, ElementsAre("request id r-9"));
}

TEST_F(ClientTest, ARefusalComesBackAtOnce) {
  script({refusal(500, "InsufficientInstanceCapacity", "none left")});
  const auto reply = once("RunInstances", {{"ClientToken", "t"}});
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().fault, Fault::kTransient);
  EXPECT_EQ(reply.value.error().message,
            "ec2:RunInstances: InsufficientInstanceCapacity: none left");
  EXPECT_THAT(reply.value.error().context, ElementsAre("request id r-7"));
  EXPECT_EQ(reply.api.code, "InsufficientInstanceCapacity");
  EXPECT_EQ(reply.api.status, 500);
  EXPECT_EQ(sent(), 1U);
}

TEST_F(ClientTest, ReadsTheErrorsOfIam) {
  script({{.status = 404,
           .body = "<ErrorResponse xmlns=\"http://x/\"><Error><Type>Sender</Type><Code>NoSuchEntity"
                   "</Code><Message>no role</Message></Error><RequestId>r-8</RequestId>"
                   "</ErrorResponse>"}});
  const auto reply = client()->query("iam", "GetRole", {}, soon());
  EXPECT_EQ(reply.api.code, "NoSuchEntity");
  EXPECT_EQ(reply.api.message, "no role");
  EXPECT_THAT(reply.value.error().context, ElementsAre("request id r-8"));
}

TEST_F(ClientTest, WaitsLongerEachTimeItIsThrottled) {
  script({refusal(503, "RequestLimitExceeded"), refusal(400, "Throttling"), fine()});
  EXPECT_TRUE(once("CreateSecurityGroup").value.ok());
  EXPECT_EQ(sent(), 3U);
  EXPECT_EQ(waited(), Millis{500 + 1000});
}

TEST_F(ClientTest, WaitsAsLongAsItIsTold) {
  ScriptedAnswer throttled = refusal(429, "TooManyRequestsException");
  throttled.headers = {{"Retry-After", "7"}};
  script({throttled, fine()});
  EXPECT_TRUE(once("DescribeInstances").value.ok());
  EXPECT_EQ(waited(), Millis{7'000});
}

TEST_F(ClientTest, ThrottledToTheEndIsTransient) {
  script({refusal(503, "RequestLimitExceeded")});
  EXPECT_EQ(once("CreateSecurityGroup").value.error().fault, Fault::kTransient);
  EXPECT_EQ(sent(), 5U);
  env_["AWS_MAX_ATTEMPTS"] = "2";
  EXPECT_FALSE(once("CreateSecurityGroup").value.ok());
  EXPECT_EQ(sent(), 7U);
}

TEST_F(ClientTest, NoPauseGoesBeyondTheDeadline) {
  script({refusal(503, "RequestLimitExceeded")});
  const auto reply = client()->query("ec2", "DescribeInstances", {}, clock_.now() + Millis{1'400});
  EXPECT_FALSE(reply.value.ok());
  EXPECT_EQ(sent(), 2U);
}

TEST_F(ClientTest, FailuresOfTheServiceAreRetriedWhereThatIsSafe) {
  script({refusal(500, "InternalError"), refusal(503, "Unavailable"), fine()});
  EXPECT_TRUE(once("DescribeInstances").value.ok());
  EXPECT_EQ(sent(), 3U);
  script({refusal(500, "InternalError"), fine()});
  EXPECT_TRUE(once("RunInstances", {{"ClientToken", "t"}}).value.ok());
  EXPECT_EQ(sent(), 5U);
  script({refusal(500, "InternalError"), fine()});
  const auto reply = once("CreateSecurityGroup");
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().fault, Fault::kUnknown);
  EXPECT_EQ(sent(), 6U);
}

TEST_F(ClientTest, LostAnswersAreAskedForAgainWhereThatIsSafe) {
  const ScriptedAnswer cut{.body = kFine, .ending = Ending::kCut}, drop{.ending = Ending::kDrop};
  script({cut, drop, fine()});
  EXPECT_TRUE(once("TerminateInstances").value.ok());
  EXPECT_EQ(sent(), 3U);
  script({drop, fine()});
  const auto reply = once("RunInstances");
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().fault, Fault::kUnknown);
  EXPECT_EQ(sent(), 4U);
}

TEST_F(ClientTest, WhatMayHaveBeenHeardStaysUnknownUntilTheServiceSaysMore) {
  const ScriptedAnswer drop{.ending = Ending::kDrop};
  script({drop, refusal(503, "RequestLimitExceeded")});
  EXPECT_EQ(once("RunInstances", {{"ClientToken", "t"}}).value.error().fault, Fault::kUnknown);
  script({drop, refusal(400, "InvalidParameterValue")});
  EXPECT_EQ(once("RunInstances", {{"ClientToken", "t"}}).value.error().fault, Fault::kPermanent);
}

TEST_F(ClientTest, AnAnswerThatIsNoneOfAwsIsUnknown) {
  for (const char* body : {"", "garbage", "<html><body>log in</body></html>", "{\"a\":1}"}) {
    script({{.body = body}});
    const auto reply = once("RunInstances");
    ASSERT_FALSE(reply.value.ok()) << body;
    EXPECT_EQ(reply.value.error().fault, Fault::kUnknown) << body;
  }
  script({{.body = "<html/>"}, fine()});
  EXPECT_TRUE(once("DescribeInstances").value.ok());
}

TEST_F(ClientTest, NobodyThereIsTransient) {
  env_["AWS_ENDPOINT_URL"] = "http://127.0.0.1:" + std::to_string(closed_port());
  const auto reply = once("RunInstances");
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().fault, Fault::kTransient);
  EXPECT_EQ(reply.value.error().code, ErrorCode::kProviderUnavailable);
  EXPECT_EQ(reply.api.status, 0);
  EXPECT_GT(waited(), Millis{0});
}

TEST_F(ClientTest, ExpiredCredentialsAreLookedForAgainOnce) {
  env_.erase("AWS_ACCESS_KEY_ID");
  home_.credentials("[default]\naws_access_key_id = OLD\naws_secret_access_key = s1\n");
  const auto api = client();
  ASSERT_TRUE(describe(*api).value.ok());
  home_.credentials("[default]\naws_access_key_id = NEW\naws_secret_access_key = s2\n");
  ASSERT_TRUE(describe(*api).value.ok());
  EXPECT_THAT(server_.requests()[1].headers.at("authorization"), HasSubstr("Credential=OLD/"));
  script({refusal(400, "ExpiredToken"), fine()});
  ASSERT_TRUE(describe(*api).value.ok());
  EXPECT_THAT(server_.requests()[3].headers.at("authorization"), HasSubstr("Credential=NEW/"));
  script({refusal(400, "ExpiredToken", "it has expired")});
  const auto reply = describe(*api);
  EXPECT_EQ(sent(), 6U);
  EXPECT_EQ(reply.value.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(
      reply.value.error().message,
      AllOf(HasSubstr("it has expired"), HasSubstr("profile `default`"), Not(HasSubstr("s2"))));
}

TEST_F(ClientTest, AWrongClockIsCorrectedByTheServices) {
  ScriptedAnswer skewed = refusal(403, "SignatureDoesNotMatch", "Signature not yet current");
  skewed.headers = {{"Date", "Fri, 02 Jan 2026 02:04:05 GMT"}};
  script({skewed, fine()});
  const auto api = client();
  EXPECT_TRUE(describe(*api).value.ok());
  EXPECT_EQ(server_.requests()[0].headers.at("x-amz-date"), "20260102T030405Z");
  EXPECT_EQ(server_.requests()[1].headers.at("x-amz-date"), "20260102T020405Z");
  EXPECT_TRUE(describe(*api).value.ok());
  EXPECT_EQ(server_.requests()[2].headers.at("x-amz-date"), "20260102T020405Z");
  script({skewed});  // no longer far away: it is the signature that is wrong
  EXPECT_EQ(describe(*api).value.error().code, ErrorCode::kCredentials);
  EXPECT_EQ(sent(), 4U);
}

TEST_F(ClientTest, GivenKeysComeBeforeAllOthers) {
  ApiSettings settings;
  settings.region = "eu-west-1";
  settings.env = env_;
  settings.clock = &clock_;
  settings.given = SigningKey{"GIVEN", "s", "the-token"};
  const auto api = make_api(std::move(settings));
  ASSERT_TRUE(describe(*api).value.ok());
  EXPECT_THAT(server_.requests()[0].headers.at("authorization"), HasSubstr("Credential=GIVEN/"));
  EXPECT_EQ(server_.requests()[0].headers.at("x-amz-security-token"), "the-token");
}

TEST_F(ClientTest, WithoutCredentialsNothingIsSent) {
  env_.erase("AWS_ACCESS_KEY_ID");
  const auto reply = once("DescribeInstances");
  ASSERT_FALSE(reply.value.ok());
  EXPECT_EQ(reply.value.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(reply.value.error().message, HasSubstr("AWS_ACCESS_KEY_ID is not set"));
  EXPECT_EQ(sent(), 0U);
  home_.config("nonsense");
  EXPECT_THAT(once("DescribeInstances").value.error().message, HasSubstr("line 1"));
}

TEST_F(ClientTest, NoSecretIsInAnyError) {
  script({refusal(401, "AuthFailure"), refusal(400, "Nope"), {.body = "?"}});
  for (int i = 0; i < 3; ++i) {
    const auto reply = once("CreateSecurityGroup");
    ASSERT_FALSE(reply.value.ok());
    EXPECT_THAT(reply.value.error().message, Not(HasSubstr("sekrit")));
    EXPECT_THAT(reply.value.error().context, Each(Not(HasSubstr("sekrit"))));
  }
}

TEST_F(ClientTest, StopsWaitingWhenToldTo) {
  std::stop_source stop;
  clock_.on_sleep = [&] { stop.request_stop(); };
  script({refusal(503, "RequestLimitExceeded")});
  ApiSettings settings;
  settings.region = "eu-west-1";
  settings.env = env_;
  settings.clock = &clock_;
  settings.stop = stop.get_token();
  EXPECT_FALSE(describe(*make_api(std::move(settings))).value.ok());
  EXPECT_EQ(sent(), 1U);
}

TEST_F(ClientTest, ServesManyThreads) {
  const auto api = client();
  std::atomic<int> right = 0;
  for_each_index(100, 10, [&](std::size_t) {
    if (describe(*api).value.ok()) ++right;
  });
  EXPECT_EQ(right, 100);
  EXPECT_EQ(api->calls().at("DescribeInstances"), 100);
}

}  // namespace
}  // namespace rayctl::aws
