#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/parallel.h"
#include "tests/net/loopback_server.h"

namespace rayctl {
namespace {

using Ending = ScriptedAnswer::Ending;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class HttpClientTest : public ::testing::Test {
 protected:
  Time in(Millis time) const { return clock_.now() + time; }
  std::unique_ptr<HttpClient> client(HttpSettings settings = {}) {
    return make_http_client(std::move(settings), clock_);
  }
  static HttpRequest get(const std::string& url) {
    HttpRequest request;
    request.url = url;
    return request;
  }
  static HttpRequest post(const std::string& url, std::string body) {
    HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.body = std::move(body);
    return request;
  }

  SystemClock clock_;
};

TEST_F(HttpClientTest, GivesStatusHeadersAndBody) {
  LoopbackServer server([](const ReceivedRequest&) {
    return ScriptedAnswer{
        .status = 403, .body = "no", .headers = {{"X-Amzn-RequestId", " 7 "}, {"Date", "today"}}};
  });
  const auto answer = client()->send(get(server.url() + "/x"), in(Millis{10'000}));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(answer->body, "no");
  EXPECT_EQ(answer->headers.at("x-amzn-requestid"), "7");
  EXPECT_EQ(answer->headers.at("date"), "today");
}

TEST_F(HttpClientTest, SendsHeadersBodyAndPathAsGivenAndNothingElse) {
  LoopbackServer server([](const ReceivedRequest&) { return ScriptedAnswer{}; });
  HttpRequest request = post(server.url() + "/a/../b//c%2F?x=1&y=%20", std::string(3'000'000, 'b'));
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"X-Empty", ""}};
  ASSERT_TRUE(client()->send(request, in(Millis{20'000})).ok());
  const ReceivedRequest got = server.requests().at(0);
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, "/a/../b//c%2F?x=1&y=%20");
  EXPECT_EQ(got.body, request.body);
  EXPECT_THAT(got.header_lines,
              UnorderedElementsAre("Host: 127.0.0.1:" + std::to_string(server.port()),
                                   "Content-Type: application/x-www-form-urlencoded",
                                   "X-Empty:", "Content-Length: 3000000"));
}

TEST_F(HttpClientTest, SendsEveryMethod) {
  LoopbackServer server([](const ReceivedRequest&) { return ScriptedAnswer{.body = "body"}; });
  const auto http = client();
  for (const std::string method : {"GET", "PUT", "DELETE", "HEAD", "LOCK", "POST"}) {
    HttpRequest request = get(server.url());
    request.method = method;
    const auto answer = http->send(request, in(Millis{10'000}));
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->body, method == "HEAD" ? "" : "body");
    const ReceivedRequest got = server.requests().back();
    EXPECT_EQ(got.method, method);
    EXPECT_EQ(got.headers.contains("content-length"), method == "PUT" || method == "POST");
  }
}

TEST_F(HttpClientTest, TakesALargeAnswerAndRefusesATooLargeOne) {
  std::string large;
  large.resize(20'000'000, 'x');
  LoopbackServer server([&](const ReceivedRequest&) { return ScriptedAnswer{.body = large}; });
  const auto answer = client()->send(get(server.url()), in(Millis{60'000}));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body.size(), 20'000'000U);
  HttpSettings small;
  small.largest_answer = 1'000'000;
  const auto refused = client(small)->send(get(server.url()), in(Millis{60'000}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, Fault::kUnknown);
  EXPECT_THAT(refused.error().message, HasSubstr("larger than"));
}

TEST_F(HttpClientTest, ALateAnswerIsUnknownAtTheDeadline) {
  LoopbackServer server(
      [](const ReceivedRequest&) { return ScriptedAnswer{.ending = Ending::kSilent}; });
  const auto start = std::chrono::steady_clock::now();
  const auto answer = client()->send(get(server.url() + "/?secret"), in(Millis{300}));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{5});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, Fault::kUnknown);
  EXPECT_THAT(answer.error().message, AllOf(HasSubstr(server.url()), Not(HasSubstr("secret"))));
}

TEST_F(HttpClientTest, NothingIsSentAfterTheDeadline) {
  LoopbackServer server([](const ReceivedRequest&) { return ScriptedAnswer{}; });
  const auto answer = client()->send(get(server.url()), clock_.now());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, Fault::kTransient);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(HttpClientTest, WhatWasNotSentIsTransient) {
  const std::string url = "http://127.0.0.1:" + std::to_string(closed_port());
  const auto answer = client()->send(post(url, "x"), in(Millis{10'000}));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, Fault::kTransient) << answer.error().message;
  EXPECT_EQ(answer.error().code, ErrorCode::kProviderUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr(url));
}

TEST_F(HttpClientTest, TlsThatIsNotAnsweredIsTransient) {
  LoopbackServer server([](const ReceivedRequest&) { return ScriptedAnswer{}; });
  const HttpRequest request = post("https://127.0.0.1:" + std::to_string(server.port()), "x");
  const auto answer = client()->send(request, in(Millis{300}));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, Fault::kTransient) << answer.error().message;
}

TEST_F(HttpClientTest, AMalformedRequestIsPermanent) {
  const auto http = client();
  HttpRequest injected = get("http://127.0.0.1:1/");
  injected.headers = {{"X-A", "1\r\nX-B: 2"}};
  for (const HttpRequest& request : {injected, get("ftp://127.0.0.1:1/"), get("http://:x/")}) {
    const auto answer = http->send(request, in(Millis{10'000}));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().fault, Fault::kPermanent) << answer.error().message;
  }
}

TEST_F(HttpClientTest, CertificatesThatCannotBeReadArePermanent) {
  LoopbackServer server([](const ReceivedRequest&) { return ScriptedAnswer{}; });
  HttpSettings settings;
  settings.ca_bundle = "/nonexistent/bundle.pem";
  const auto answer = client(settings)->send(
      get("https://127.0.0.1:" + std::to_string(server.port())), in(Millis{10'000}));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, Fault::kPermanent);
  EXPECT_THAT(answer.error().message, HasSubstr("/nonexistent/bundle.pem"));
}

TEST_F(HttpClientTest, ACutOrDroppedAnswerIsUnknown) {
  for (const Ending ending : {Ending::kCut, Ending::kDrop}) {
    LoopbackServer server([&](const ReceivedRequest&) {
      return ScriptedAnswer{.body = std::string(1000, 'x'), .ending = ending};
    });
    const auto answer = client()->send(post(server.url(), "x"), in(Millis{10'000}));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().fault, Fault::kUnknown) << answer.error().message;
    EXPECT_EQ(server.requests().size(), 1U);
  }
}

TEST_F(HttpClientTest, RedirectsAreAnswersToo) {
  LoopbackServer server([](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 302, .headers = {{"Location", "/elsewhere"}}};
  });
  const auto answer = client()->send(get(server.url()), in(Millis{10'000}));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(HttpClientTest, OneConnectionServesRequestAfterRequest) {
  LoopbackServer server(
      [](const ReceivedRequest& got) { return ScriptedAnswer{.body = got.body}; });
  LoopbackServer other([](const ReceivedRequest&) { return ScriptedAnswer{}; });
  const auto http = client();
  for (const std::string body : {"one", "two", "three"}) {
    const auto answer = http->send(post(server.url(), body), in(Millis{10'000}));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, body);
    ASSERT_TRUE(http->send(get(other.url()), in(Millis{10'000})).ok());
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(other.connections(), 1);
}

TEST_F(HttpClientTest, AKeptConnectionThatWasClosedIsReplaced) {
  LoopbackServer server(
      [](const ReceivedRequest&) { return ScriptedAnswer{.body = "x", .ending = Ending::kClose}; });
  const auto http = client();
  for (int i = 0; i < 3; ++i) {
    const auto answer = http->send(post(server.url(), "x"), in(Millis{10'000}));
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});  // for its end to arrive
  }
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(HttpClientTest, ABodyIsNotSentASecondTimeOnAnotherConnection) {
  int count = 0;
  LoopbackServer server([&](const ReceivedRequest&) {
    return ScriptedAnswer{.body = "x", .ending = ++count == 2 ? Ending::kDrop : Ending::kKeep};
  });
  const auto http = client();
  ASSERT_TRUE(http->send(post(server.url(), "first"), in(Millis{10'000})).ok());
  const auto answer = http->send(post(server.url(), "second"), in(Millis{10'000}));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, Fault::kUnknown) << answer.error().message;
  EXPECT_EQ(server.requests().size(), 2U);
  const auto after = http->send(post(server.url(), "third"), in(Millis{10'000}));
  EXPECT_TRUE(after.ok()) << after.error().message;
}

TEST_F(HttpClientTest, ManyThreadsAtOnce) {
  LoopbackServer server(
      [](const ReceivedRequest& got) { return ScriptedAnswer{.body = got.body}; });
  const auto http = client();
  std::atomic<int> right = 0;
  for_each_index(400, 20, [&](std::size_t i) {
    const auto answer = http->send(post(server.url(), std::to_string(i)), in(Millis{30'000}));
    if (answer.ok() && answer->body == std::to_string(i)) ++right;
  });
  EXPECT_EQ(right, 400);
  EXPECT_LE(server.connections(), 20);
}

TEST_F(HttpClientTest, GoesThroughTheProxyUnlessToldNotTo) {
  LoopbackServer proxy([](const ReceivedRequest&) { return ScriptedAnswer{.body = "proxy"}; });
  LoopbackServer server([](const ReceivedRequest&) { return ScriptedAnswer{.body = "server"}; });
  HttpSettings settings;
  settings.env = {{"http_proxy", proxy.url()}};
  const auto said = [&](const HttpRequest& request) {
    const auto answer = client(settings)->send(request, in(Millis{10'000}));
    return answer.ok() ? answer->body : answer.error().message;
  };
  EXPECT_EQ(said(get(server.url() + "/p")), "proxy");
  EXPECT_EQ(proxy.requests().at(0).target, server.url() + "/p");
  HttpRequest direct = get(server.url());
  direct.proxy = false;
  EXPECT_EQ(said(direct), "server");
  settings.env["no_proxy"] = "example.com,127.0.0.1";
  EXPECT_EQ(said(get(server.url())), "server");
  settings.env = {{"HTTP_PROXY", proxy.url()}};
  EXPECT_EQ(said(get(server.url())), "server");
}

TEST_F(HttpClientTest, AProxyThatRefusesATunnelHasSentNothing) {
  LoopbackServer proxy([](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 407, .ending = Ending::kClose};
  });
  HttpSettings settings;
  settings.env = {{"HTTPS_PROXY", "http://user:hunter2@127.0.0.1:" + std::to_string(proxy.port())}};
  const auto answer = client(settings)->send(post("https://127.0.0.1:1/", "x"), in(Millis{10'000}));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, Fault::kTransient) << answer.error().message;
  EXPECT_THAT(answer.error().message, Not(HasSubstr("hunter2")));
  EXPECT_EQ(proxy.requests().at(0).method, "CONNECT");
}

}  // namespace
}  // namespace rayctl
