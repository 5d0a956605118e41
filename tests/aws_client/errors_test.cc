#include "providers/aws/errors.h"

#include <gtest/gtest.h>

#include <set>

namespace rayctl::aws {
namespace {

TEST(ErrorsTest, EveryRowIsThereOnceAndHasItsMeaning) {
  std::set<std::string_view> seen;
  for (const ErrorRow& row : error_rows()) {
    EXPECT_TRUE(seen.insert(row.code).second) << row.code;
    EXPECT_EQ(meaning_of(row.code, 400).kind, row.kind) << row.code;
    EXPECT_EQ(meaning_of(row.code, 500), meaning_of(row.code, 400)) << row.code;
  }
}

TEST(ErrorsTest, CodesOfCapacityAndQuotaLetAnotherBeTried) {
  for (const char* code : {"InsufficientInstanceCapacity", "InsufficientHostCapacity",
                           "InsufficientReservedInstanceCapacity", "InsufficientCapacity",
                           "SpotMaxPriceTooLow", "InsufficientFreeAddressesInSubnet",
                           "InsufficientAddressCapacity", "ReservationCapacityExceeded",
                           "CapacityReservationUnavailable", "InsufficientNewCapacity"}) {
    const ErrorMeaning meaning = meaning_of(code, 500);
    EXPECT_EQ(meaning.kind, ErrorClass::kNoCapacity) << code;
    EXPECT_EQ(meaning.fault, Fault::kTransient) << code;
    EXPECT_EQ(meaning.code, ErrorCode::kLaunchFailed) << code;
    EXPECT_TRUE(another_may_work(meaning.kind)) << code;
  }
  for (const char* code :
       {"MaxSpotInstanceCountExceeded", "InstanceLimitExceeded", "VcpuLimitExceeded",
        "VolumeLimitExceeded", "MaxIOPSLimitExceeded", "SomethingNewLimitExceeded"}) {
    const ErrorMeaning meaning = meaning_of(code, 400);
    EXPECT_EQ(meaning.kind, ErrorClass::kQuota) << code;
    EXPECT_EQ(meaning.fault, Fault::kPermanent) << code;
    EXPECT_TRUE(another_may_work(meaning.kind)) << code;
  }
  EXPECT_EQ(meaning_of("Unsupported", 400).kind, ErrorClass::kNotOffered);
  EXPECT_TRUE(another_may_work(ErrorClass::kNotOffered));
  EXPECT_FALSE(another_may_work(ErrorClass::kUnauthorized));
  EXPECT_FALSE(another_may_work(ErrorClass::kBadParameter));
}

TEST(ErrorsTest, EachKindHasItsFault) {
  const auto fault = [](const char* code) { return meaning_of(code, 400).fault; };
  EXPECT_EQ(fault("RequestLimitExceeded"), Fault::kTransient);
  EXPECT_EQ(fault("DependencyViolation"), Fault::kTransient);
  EXPECT_EQ(fault("IncorrectInstanceState"), Fault::kConflict);
  EXPECT_EQ(fault("InternalError"), Fault::kUnknown);
  EXPECT_EQ(fault("PendingVerification"), Fault::kPermanent);
  EXPECT_EQ(meaning_of("ExpiredToken", 403).code, ErrorCode::kCredentials);
  EXPECT_EQ(meaning_of("UnauthorizedOperation", 403).code, ErrorCode::kCredentials);
}

TEST(ErrorsTest, CodesWithoutARowAreReadByTheirForm) {
  const auto kind = [](const char* code, int status) { return meaning_of(code, status).kind; };
  EXPECT_EQ(kind("InvalidInstanceID.NotFound", 400), ErrorClass::kNotFound);
  EXPECT_EQ(kind("InvalidGroup.NotFound", 400), ErrorClass::kNotFound);
  EXPECT_EQ(kind("InvalidInstanceID.Malformed", 400), ErrorClass::kBadParameter);
  EXPECT_EQ(kind("MissingParameter", 400), ErrorClass::kBadParameter);
  EXPECT_EQ(kind("InvalidPlacementGroup.Duplicate", 400), ErrorClass::kAlreadyExists);
  EXPECT_EQ(kind("InvalidParameterValue", 400), ErrorClass::kBadParameter);
  EXPECT_EQ(kind("", 429), ErrorClass::kThrottled);
  EXPECT_EQ(kind("", 502), ErrorClass::kServerFault);
  EXPECT_EQ(kind("NeverHeardOf", 400), ErrorClass::kUnknownCode);
  EXPECT_EQ(meaning_of("NeverHeardOf", 400).fault, Fault::kPermanent);
  EXPECT_TRUE(another_may_work(kind("NeverHeardOf", 400)));
}

TEST(ErrorsTest, AMissingRightSaysWhoseAndWhatToDo) {
  const ApiError answer{
      403, "UnauthorizedOperation",
      "You are not authorized to perform this operation. User: arn:aws:iam::123:user/ann is not "
      "authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:eu-west-1:123:instance/* "
      "because no identity-based policy allows the ec2:RunInstances action. Encoded authorization "
      "failure message: aZ9SECRETSECRET"};
  const Error error = error_of("ec2:RunInstances", answer, "r-1");
  EXPECT_EQ(error.code, ErrorCode::kCredentials);
  EXPECT_EQ(error.fault, Fault::kPermanent);
  EXPECT_EQ(error.message,
            "ec2:RunInstances is not allowed for arn:aws:iam::123:user/ann on "
            "arn:aws:ec2:eu-west-1:123:instance/* (because no identity-based policy allows the "
            "ec2:RunInstances action); `rayctl iam-policy CONFIG` prints what is needed");
  EXPECT_EQ(error.context.back(), "request id r-1");
  const Error bare = error_of("iam:CreateRole", {403, "AccessDenied", "Access Denied"}, "");
  EXPECT_EQ(bare.message,
            "iam:CreateRole is not allowed; `rayctl iam-policy CONFIG` prints what is needed");
}

TEST(ErrorsTest, TheCanonicalStringIsCutOut) {
  const Error error = error_of(
      "iam:GetRole",
      {403, "SignatureDoesNotMatch",
       "The request signature we calculated does not match. \n\nThe Canonical String for this "
       "request should have been\n'POST\nx-amz-security-token:hunter2'"},
      "");
  EXPECT_EQ(error.message,
            "iam:GetRole: SignatureDoesNotMatch: The request signature we calculated does not "
            "match.");
}

TEST(ErrorsTest, TheServicesWordsAreInOneLine) {
  const Error error = error_of("ec2:RunInstances", {400, "VcpuLimitExceeded", "You have\n 5"}, "");
  EXPECT_EQ(error.message, "ec2:RunInstances: VcpuLimitExceeded: You have  5");
  EXPECT_EQ(error_of("ec2:X", {503, "", "busy"}, "").message, "ec2:X: HTTP status 503: busy");
}

}  // namespace
}  // namespace rayctl::aws
