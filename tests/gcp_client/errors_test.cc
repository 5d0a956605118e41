#include "providers/gcp/errors.h"

#include <gtest/gtest.h>

#include <set>

namespace rayctl::gcp {
namespace {

TEST(ErrorsTest, EveryRowIsThereOnceAndHasItsMeaning) {
  std::set<std::string_view> seen;
  for (const ErrorRow& row : error_rows()) {
    EXPECT_TRUE(seen.insert(row.reason).second) << row.reason;
    EXPECT_EQ(meaning_of(row.reason, 400).kind, row.kind) << row.reason;
    EXPECT_EQ(meaning_of(row.reason, 500), meaning_of(row.reason, 0)) << row.reason;
  }
}

TEST(ErrorsTest, ReasonsOfCapacityAndQuotaLetAnotherBeTried) {
  for (const char* reason :
       {"ZONE_RESOURCE_POOL_EXHAUSTED", "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", "STOCKOUT",
        "VM_MIN_COUNT_NOT_REACHED", "IP_SPACE_EXHAUSTED", "resource_availability"}) {
    const ErrorMeaning meaning = meaning_of(reason, 0);
    EXPECT_EQ(meaning.kind, ErrorClass::kNoCapacity) << reason;
    EXPECT_EQ(meaning.fault, Fault::kTransient) << reason;
    EXPECT_EQ(meaning.code, ErrorCode::kLaunchFailed) << reason;
    EXPECT_TRUE(another_may_work(meaning.kind)) << reason;
  }
  for (const char* reason : {"QUOTA_EXCEEDED", "quotaExceeded"}) {
    const ErrorMeaning meaning = meaning_of(reason, 403);
    EXPECT_EQ(meaning.kind, ErrorClass::kQuota) << reason;
    EXPECT_EQ(meaning.fault, Fault::kPermanent) << reason;
    EXPECT_TRUE(another_may_work(meaning.kind)) << reason;
  }
  EXPECT_TRUE(another_may_work(meaning_of("UNSUPPORTED_OPERATION", 0).kind));
  EXPECT_TRUE(another_may_work(meaning_of("NEVER_HEARD_OF", 0).kind));
  EXPECT_FALSE(another_may_work(ErrorClass::kUnauthorized));
  EXPECT_FALSE(another_may_work(ErrorClass::kBadParameter));
}

TEST(ErrorsTest, EachKindHasItsFault) {
  const auto fault = [](const char* reason) { return meaning_of(reason, 400).fault; };
  EXPECT_EQ(fault("rateLimitExceeded"), Fault::kTransient);
  EXPECT_EQ(fault("userRateLimitExceeded"), Fault::kTransient);
  EXPECT_EQ(fault("resourceInUseByAnotherResource"), Fault::kTransient);
  EXPECT_EQ(fault("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"), Fault::kTransient);
  EXPECT_EQ(fault("resourceNotReady"), Fault::kTransient);
  EXPECT_EQ(fault("conditionNotMet"), Fault::kConflict);
  EXPECT_EQ(fault("ABORTED"), Fault::kConflict);
  EXPECT_EQ(fault("backendError"), Fault::kUnknown);
  EXPECT_EQ(fault("INTERNAL_ERROR"), Fault::kUnknown);
  EXPECT_EQ(fault("alreadyExists"), Fault::kPermanent);
  EXPECT_EQ(fault("notFound"), Fault::kPermanent);
  EXPECT_EQ(fault("invalid"), Fault::kPermanent);
  for (const char* reason : {"forbidden", "authError", "invalid_grant", "PERMISSIONS_ERROR"}) {
    EXPECT_EQ(meaning_of(reason, 403).code, ErrorCode::kCredentials) << reason;
  }
}

TEST(ErrorsTest, ReasonsWithoutARowAreReadByTheStatus) {
  const auto kind = [](int status) { return meaning_of("neverHeardOf", status).kind; };
  EXPECT_EQ(kind(400), ErrorClass::kBadParameter);
  EXPECT_EQ(kind(401), ErrorClass::kBadCredentials);
  EXPECT_EQ(kind(403), ErrorClass::kUnauthorized);
  EXPECT_EQ(kind(404), ErrorClass::kNotFound);
  EXPECT_EQ(kind(409), ErrorClass::kStaleRead);
  EXPECT_EQ(kind(410), ErrorClass::kNotFound);
  EXPECT_EQ(kind(412), ErrorClass::kStaleRead);
  EXPECT_EQ(kind(429), ErrorClass::kRateLimited);
  EXPECT_EQ(kind(408), ErrorClass::kServerFault);
  EXPECT_EQ(kind(502), ErrorClass::kServerFault);
  EXPECT_EQ(kind(0), ErrorClass::kUnknownReason);
  EXPECT_EQ(meaning_of("", 412).fault, Fault::kConflict);
}

TEST(ErrorsTest, WordsMakeAReasonPrecise) {
  EXPECT_EQ(precise_reason("conditionNotMet", "Labels fingerprint either invalid or changed"),
            "conditionNotMet");
  EXPECT_EQ(precise_reason("conditionNotMet",
                           "Constraint constraints/compute.vmExternalIpAccess violated for p"),
            "constraintViolated");
  EXPECT_EQ(precise_reason("CONDITION_NOT_MET", "a constraint is violated"), "constraintViolated");
  EXPECT_EQ(precise_reason("RESOURCE_EXHAUSTED", "There is no more capacity in the zone"),
            "STOCKOUT");
  EXPECT_EQ(
      precise_reason("RESOURCE_EXHAUSTED", "Quota limit 'TPUV2s' has been exceeded. Limit: 0"),
      "QUOTA_EXCEEDED");
  EXPECT_EQ(precise_reason("RESOURCE_EXHAUSTED",
                           "Quota exceeded for quota metric 'Reads' and limit 'Reads per minute'"),
            "RESOURCE_EXHAUSTED");
  EXPECT_EQ(precise_reason("notFound", "no capacity, no quota"), "notFound");
}

}  // namespace
}  // namespace rayctl::gcp
