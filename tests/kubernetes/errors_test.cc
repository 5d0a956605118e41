#include "providers/kubernetes/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/kubernetes/channels.h"
#include "providers/kubernetes/resource_path.h"

namespace rayctl::kubernetes {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

ApiStatus said(int code, const std::string& reason, const std::string& message,
               const Json& details = Json::object()) {
  const Json status = {{"kind", "Status"}, {"status", "Failure"}, {"code", code},
                       {"reason", reason}, {"message", message},  {"details", details}};
  return read_status(HttpResponse{code, {}, status.dump()});
}

TEST(KubernetesErrorsTest, EachStatusHasItsFault) {
  const auto fault = [](int code, bool harmless = false) {
    return error_of("create pods", said(code, "x", "y"), harmless).fault;
  };
  for (const int code : {400, 401, 403, 404, 405, 413, 422})
    EXPECT_EQ(fault(code), Fault::kPermanent) << code;
  EXPECT_EQ(fault(409), Fault::kConflict);
  EXPECT_EQ(fault(410), Fault::kConflict);
  EXPECT_EQ(fault(429), Fault::kTransient);
  EXPECT_EQ(fault(503), Fault::kTransient);
  for (const int code : {500, 502, 504}) {
    EXPECT_EQ(fault(code), Fault::kUnknown) << code;
    EXPECT_EQ(fault(code, true), Fault::kTransient) << code;
  }
}

TEST(KubernetesErrorsTest, A403IsARightAQuotaOrAnotherRefusal) {
  const ApiStatus right = said(403, "Forbidden",
                               "pods is forbidden: User \"alice\" cannot list resource \"pods\" in "
                               "API group \"\" in the namespace \"demo\"");
  EXPECT_TRUE(lacks_right(right));
  EXPECT_FALSE(over_quota(right));
  const Error error = error_of("list pods in namespace demo", right, true);
  EXPECT_EQ(error.code, ErrorCode::kCredentials);
  EXPECT_THAT(error.message, AllOf(HasSubstr("list pods in namespace demo: "), HasSubstr("alice")));
  const ApiStatus quota =
      said(403, "Forbidden", "pods \"big\" is forbidden: exceeded quota: q, requested: pods=1");
  EXPECT_TRUE(over_quota(quota));
  EXPECT_FALSE(lacks_right(quota));
  EXPECT_EQ(error_of("x", quota, false).code, ErrorCode::kProviderRefused);
  const ApiStatus policy =
      said(403, "Forbidden", "pods \"big\" is forbidden: violates PodSecurity");
  EXPECT_FALSE(over_quota(policy) || lacks_right(policy));
}

TEST(KubernetesErrorsTest, TwoKindsOf409) {
  EXPECT_TRUE(already_exists(said(409, "AlreadyExists", "pods \"p\" already exists")));
  EXPECT_FALSE(already_exists(said(409, "Conflict", "the object has been modified")));
}

TEST(KubernetesErrorsTest, CausesAreToldOnce) {
  const Json details = {
      {"causes",
       {{{"reason", "FieldValueInvalid"}, {"message", "must be lower"}, {"field", "metadata.name"}},
        {{"reason", "FieldValueRequired"}, {"message", "Required value"}, {"field", "spec"}}}},
      {"retryAfterSeconds", 7}};
  const ApiStatus status = said(422, "Invalid", "Pod \"X\" is invalid: must be lower", details);
  EXPECT_EQ(status.retry_after, Millis{7'000});
  EXPECT_EQ(error_of("create pods", status, false).message,
            "create pods: Pod \"X\" is invalid: must be lower; spec: Required value");
}

TEST(KubernetesErrorsTest, WhatIsNoStatusIsToldAsItCame) {
  ApiStatus status = read_status(
      HttpResponse{429, {{"retry-after", "2"}}, "Too many requests, please try again later.\n"});
  EXPECT_FALSE(status.given);
  EXPECT_EQ(status.retry_after, Millis{2'000});
  EXPECT_THAT(error_of("x", status, false).message, HasSubstr("Too many requests"));
  status = read_status(HttpResponse{502, {}, ""});
  EXPECT_EQ(error_of("list pods", status, true).message, "list pods: HTTP 502");
}

TEST(ResourcePathTest, NamesWhatIsDone) {
  const Query watch{{"watch", "1"}};
  EXPECT_EQ(doing_of("GET", "/api/v1/namespaces/demo/pods", {}), "list pods in namespace demo");
  EXPECT_EQ(doing_of("GET", "/api/v1/namespaces/demo/pods", watch), "watch pods in namespace demo");
  EXPECT_EQ(doing_of("GET", "/api/v1/namespaces/demo/pods/p/exec", {}),
            "get pods/exec `p` in namespace demo");
  EXPECT_EQ(doing_of("POST", "/apis/batch/v1/namespaces/demo/jobs", {}),
            "create jobs in namespace demo");
  EXPECT_EQ(doing_of("DELETE", "/api/v1/namespaces/demo", {}), "delete namespaces `demo`");
  EXPECT_EQ(doing_of("DELETE", "/api/v1/nodes", {}), "deletecollection nodes");
  EXPECT_EQ(doing_of("PATCH", "/api/v1/nodes/n", {}), "patch nodes `n`");
  EXPECT_EQ(doing_of("GET", "/version", {}), "GET /version");
}

TEST(ResourcePathTest, EncodesQueries) {
  EXPECT_EQ(target_of("/p", {{"command", "a b&c=%"}, {"x", "y"}}),
            "/p?command=a%20b%26c%3D%25&x=y");
  EXPECT_EQ(target_of("/p", {}), "/p");
}

TEST(ChannelsTest, MessagesBeginWithTheirChannel) {
  EXPECT_EQ(on_channel(Channel::kIn, "ab"), std::string("\0ab", 3));
  EXPECT_EQ(end_of_input(), std::string("\xff\0", 2));
}

TEST(ChannelsTest, TheStatusHoldsTheExitCode) {
  const auto status = [](const Json& more) {
    Json json = {{"metadata", Json::object()}, {"status", "Failure"}};
    json.update(more);
    return json.dump();
  };
  EXPECT_EQ(*exit_code(status({{"status", "Success"}})), 0);
  EXPECT_EQ(
      *exit_code(status({{"reason", "NonZeroExitCode"},
                         {"details", {{"causes", {{{"reason", "ExitCode"}, {"message", "7"}}}}}}})),
      7);
  const auto missing = exit_code(status({{"message", "container not found (\"x\")"}}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, Fault::kTransient);
  EXPECT_EQ(missing.error().code, ErrorCode::kContainerFailed);
  EXPECT_EQ(exit_code(status({{"message", "stream reset"}})).error().fault, Fault::kUnknown);
  EXPECT_EQ(exit_code("").error().fault, Fault::kUnknown);
}

}  // namespace
}  // namespace rayctl::kubernetes
