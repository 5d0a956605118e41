#include <gtest/gtest.h>

#include "providers/gcp/errors.h"

namespace rayctl::gcp {
namespace {

constexpr char kPermission[] =
    R"({"error":{"code":403,"message":"Required 'compute.instances.create' permission for )"
    R"('projects/p/zones/z/instances/i'","errors":[{"message":"Required )"
    R"('compute.instances.create' permission for 'projects/p/zones/z/instances/i'",)"
    R"("domain":"global","reason":"forbidden"}]}})";

TEST(ParseErrorTest, ComputeEnginesForm) {
  const ApiError error = parse_error(403, kPermission);
  EXPECT_EQ(error.status, 403);
  EXPECT_EQ(error.reason, "forbidden");
  EXPECT_EQ(error.message,
            "Required 'compute.instances.create' permission for 'projects/p/zones/z/instances/i'");
  const ApiError two = parse_error(
      400, R"({"error":{"message":"first","errors":[{"reason":"invalid","message":"first"},)"
           R"({"reason":"required","message":"second"}]}})");
  EXPECT_EQ(two.reason, "invalid");
  EXPECT_EQ(two.message, "first; second");
}

TEST(ParseErrorTest, TheFormOfGrpc) {
  const ApiError error = parse_error(
      409, R"({"error":{"code":409,"message":"changed\nmeanwhile","status":"ABORTED"}})");
  EXPECT_EQ(error.reason, "ABORTED");
  EXPECT_EQ(error.message, "changed meanwhile");
  EXPECT_EQ(parse_error(404, R"([{"error":{"status":"NOT_FOUND","message":"m"}}])").reason,
            "NOT_FOUND");
}

TEST(ParseErrorTest, AnErrorInfoThatSaysMoreIsTheReason) {
  const std::string disabled =
      R"({"error":{"code":403,"message":"off","status":"PERMISSION_DENIED","details":[{"@type":"x"},)"
      R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED"}]}})";
  EXPECT_EQ(parse_error(403, disabled).reason, "SERVICE_DISABLED");
  EXPECT_EQ(parse_error(404, R"({"error":{"status":"NOT_FOUND","errors":[{"reason":"notFound"}],)"
                             R"("details":[{"reason":"SOMETHING_NEW"}]}})")
                .reason,
            "notFound");
  EXPECT_EQ(parse_error(429, R"({"error":{"status":"RESOURCE_EXHAUSTED","message":"Quota limit",)"
                             R"("details":[{"reason":"RATE_LIMIT_EXCEEDED"}]}})")
                .reason,
            "RATE_LIMIT_EXCEEDED");
  EXPECT_EQ(parse_error(400, R"({"error":{"details":[{"reason":"ONLY_THIS"}]}})").reason,
            "ONLY_THIS");
}

TEST(ParseErrorTest, OAuthsForm) {
  const ApiError error = parse_error(
      400, R"({"error":"invalid_grant","error_description":"Token has been revoked."})");
  EXPECT_EQ(error.reason, "invalid_grant");
  EXPECT_EQ(error.message, "Token has been revoked.");
  EXPECT_EQ(parse_error(400, R"({"error":"invalid_grant","error_subtype":"invalid_rapt"})").reason,
            "invalid_rapt");
}

TEST(ParseErrorTest, WhatIsNoneOfTheseHasItsStatus) {
  EXPECT_EQ(parse_error(503, "busy\n").message, "busy");
  for (const char* body : {"", "<html>502</html>", "{}", "[]", "3", "null", R"({"error":7})",
                           R"({"error":{"errors":[1],"details":{}}})"}) {
    const ApiError error = parse_error(502, body);
    EXPECT_EQ(error.status, 502) << body;
    EXPECT_EQ(error.reason, "") << body;
    EXPECT_EQ(error.message, "") << body;
  }
}

TEST(ErrorOfTest, AMissingRightIsNamed) {
  const Error error = error_of("compute.instances.insert", parse_error(403, kPermission));
  EXPECT_EQ(error.code, ErrorCode::kCredentials);
  EXPECT_EQ(error.fault, Fault::kPermanent);
  EXPECT_EQ(error.message,
            "compute.instances.create is not allowed (Required 'compute.instances.create' "
            "permission for 'projects/p/zones/z/instances/i'); `rayctl iam-policy CONFIG` prints "
            "what is needed");
  const auto named = [](const std::string& call, const std::string& words) {
    const std::string text = error_of(call, {403, "forbidden", words}).message;
    return text.substr(0, text.find(' '));
  };
  EXPECT_EQ(named("compute.instances.insert", ""), "compute.instances.create");
  EXPECT_EQ(named("compute.instances.aggregatedList", "no"), "compute.instances.list");
  EXPECT_EQ(named("cloudresourcemanager.projects.setIamPolicy", "The caller does not have it"),
            "resourcemanager.projects.setIamPolicy");
  EXPECT_EQ(named("iam.projects.serviceAccounts.create", ""), "iam.serviceAccounts.create");
  EXPECT_EQ(named("tpu.projects.locations.nodes.create",
                  "Permission 'tpu.nodes.create' denied by iam.googleapis.com."),
            "tpu.nodes.create");
  EXPECT_EQ(
      named("compute.instances.insert", "Ask iam.googleapis.com for iam.serviceAccounts.actAs."),
      "iam.serviceAccounts.actAs");
}

TEST(ErrorOfTest, ScopesThatAreTooNarrowAreNoMissingRole) {
  const Error error = error_of("compute.instances.list",
                               {403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficient scopes"});
  EXPECT_EQ(error.message,
            "compute.instances.list is not allowed (insufficient scopes); the token's scopes are "
            "too narrow: the machine or the login needs the scope cloud-platform");
}

TEST(ErrorOfTest, AServiceThatIsNotEnabledSaysHow) {
  const Error error =
      error_of("compute.instances.insert",
               {403, "SERVICE_DISABLED",
                "Compute Engine API has not been used in project 123 before or it is disabled."});
  EXPECT_EQ(error.fault, Fault::kPermanent);
  EXPECT_EQ(error.message,
            "compute.instances.insert: the service is not enabled (Compute Engine API has not been "
            "used in project 123 before or it is disabled.); `gcloud services enable "
            "compute.googleapis.com --project 123` enables it");
}

TEST(ErrorOfTest, TheServicesWordsAreInOneLine) {
  EXPECT_EQ(error_of("the operation", {0, "QUOTA_EXCEEDED", "Quota 'CPUS'\nexceeded"}).message,
            "the operation: QUOTA_EXCEEDED: Quota 'CPUS' exceeded");
  EXPECT_EQ(error_of("a.b.c", {503, "", "busy"}).message, "a.b.c: HTTP status 503: busy");
  EXPECT_LT(error_of("a.b.c", {400, "invalid", std::string(100'000, 'x')}).message.size(), 2'100U);
}

}  // namespace
}  // namespace rayctl::gcp
