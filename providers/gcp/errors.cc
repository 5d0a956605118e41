#include "providers/gcp/errors.h"

#include <algorithm>
#include <iterator>

namespace rayctl::gcp {
namespace {

using Kind = ErrorClass;

// Reasons of Compute Engine's answers (camelCase) and of its operations (CAPITALS), the codes of
// gRPC that IAM, Resource Manager and Cloud TPU answer with, those of google.rpc.ErrorInfo, and
// OAuth's. Sorted by kind.
constexpr ErrorRow kRows[] = {
    {"RATE_LIMIT_EXCEEDED", Kind::kRateLimited},
    {"RESOURCE_OPERATION_RATE_EXCEEDED", Kind::kRateLimited},
    {"RESOURCE_EXHAUSTED", Kind::kRateLimited},
    {"concurrentLimitExceeded", Kind::kRateLimited},
    {"operationRateExceeded", Kind::kRateLimited},
    {"rateLimitExceeded", Kind::kRateLimited},
    {"resourceOperationRateExceeded", Kind::kRateLimited},
    {"slow_down", Kind::kRateLimited},
    {"tooManyRequests", Kind::kRateLimited},
    {"userRateLimitExceeded", Kind::kRateLimited},

    {"IP_SPACE_EXHAUSTED", Kind::kNoCapacity},
    {"IP_SPACE_EXHAUSTED_WITH_DETAILS", Kind::kNoCapacity},
    {"REGION_RESOURCE_POOL_EXHAUSTED", Kind::kNoCapacity},
    {"REGION_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", Kind::kNoCapacity},
    {"RESERVATION_CAPACITY_EXCEEDED", Kind::kNoCapacity},
    {"RESERVATION_NOT_READY", Kind::kNoCapacity},
    {"RESOURCE_POOL_EXHAUSTED", Kind::kNoCapacity},
    {"RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", Kind::kNoCapacity},
    {"STOCKOUT", Kind::kNoCapacity},
    {"VM_MIN_COUNT_NOT_REACHED", Kind::kNoCapacity},
    {"ZONE_RESOURCE_POOL_EXHAUSTED", Kind::kNoCapacity},
    {"ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", Kind::kNoCapacity},
    {"resourceAvailability", Kind::kNoCapacity},
    {"resource_availability", Kind::kNoCapacity},
    {"stockout", Kind::kNoCapacity},

    {"RESERVATION_INCOMPATIBLE", Kind::kNotOffered},
    {"RESERVATION_NOT_FOUND", Kind::kNotOffered},
    {"UNIMPLEMENTED", Kind::kNotOffered},
    {"UNSUPPORTED_OPERATION", Kind::kNotOffered},
    {"UNSUPPORTED_TPU_CONFIGURATION", Kind::kNotOffered},
    {"unsupportedOperation", Kind::kNotOffered},

    {"QUOTA_EXCEEDED", Kind::kQuota},
    {"dailyLimitExceeded", Kind::kQuota},
    {"limitExceeded", Kind::kQuota},
    {"quotaExceeded", Kind::kQuota},
    {"QUOTA_LIMIT_EXCEEDED", Kind::kQuota},

    {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", Kind::kUnauthorized},
    {"IAM_PERMISSION_DENIED", Kind::kUnauthorized},
    {"PERMISSIONS_ERROR", Kind::kUnauthorized},
    {"PERMISSION_DENIED", Kind::kUnauthorized},
    {"SECURITY_POLICY_VIOLATED", Kind::kUnauthorized},
    {"SERVICE_ACCOUNT_ACCESS_DENIED", Kind::kUnauthorized},
    {"USER_PROJECT_DENIED", Kind::kUnauthorized},
    {"access_denied", Kind::kUnauthorized},
    {"forbidden", Kind::kUnauthorized},
    {"insufficientPermissions", Kind::kUnauthorized},
    {"serviceAccountAccessDenied", Kind::kUnauthorized},
    {"unauthorized_client", Kind::kUnauthorized},

    {"ACCESS_TOKEN_EXPIRED", Kind::kBadCredentials},
    {"ACCESS_TOKEN_TYPE_UNSUPPORTED", Kind::kBadCredentials},
    {"ACCOUNT_STATE_INVALID", Kind::kBadCredentials},
    {"CREDENTIALS_MISSING", Kind::kBadCredentials},
    {"UNAUTHENTICATED", Kind::kBadCredentials},
    {"authError", Kind::kBadCredentials},
    {"expired", Kind::kBadCredentials},
    {"invalidCredentials", Kind::kBadCredentials},
    {"invalid_client", Kind::kBadCredentials},
    {"invalid_grant", Kind::kBadCredentials},
    {"invalid_rapt", Kind::kBadCredentials},

    {"API_KEY_SERVICE_BLOCKED", Kind::kApiDisabled},
    {"SERVICE_DISABLED", Kind::kApiDisabled},
    {"accessNotConfigured", Kind::kApiDisabled},

    {"CONSUMER_INVALID", Kind::kBadParameter},
    {"CONSTRAINT_VIOLATED", Kind::kBadParameter},
    {"INVALID_ARGUMENT", Kind::kBadParameter},
    {"INVALID_USAGE", Kind::kBadParameter},
    {"OUT_OF_RANGE", Kind::kBadParameter},
    {"REQUIRED_FIELD_NOT_SPECIFIED", Kind::kBadParameter},
    {"VM_EXTERNAL_IP_ACCESS_POLICY_CONSTRAINT", Kind::kBadParameter},
    {"badRequest", Kind::kBadParameter},
    {"constraintViolated", Kind::kBadParameter},
    {"invalid", Kind::kBadParameter},
    {"invalidParameter", Kind::kBadParameter},
    {"invalid_request", Kind::kBadParameter},
    {"invalid_scope", Kind::kBadParameter},
    {"malformedRequest", Kind::kBadParameter},
    {"parseError", Kind::kBadParameter},
    {"required", Kind::kBadParameter},
    {"unknownField", Kind::kBadParameter},

    {"NOT_FOUND", Kind::kNotFound},
    {"RESOURCE_NOT_FOUND", Kind::kNotFound},
    {"notFound", Kind::kNotFound},
    {"resourceNotFound", Kind::kNotFound},

    {"ALREADY_EXISTS", Kind::kAlreadyExists},
    {"RESOURCE_ALREADY_EXISTS", Kind::kAlreadyExists},
    {"alreadyExists", Kind::kAlreadyExists},
    {"duplicate", Kind::kAlreadyExists},
    {"resourceAlreadyExists", Kind::kAlreadyExists},

    {"RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", Kind::kInUse},
    {"resourceInUse", Kind::kInUse},
    {"resourceInUseByAnotherResource", Kind::kInUse},

    {"FAILED_PRECONDITION", Kind::kNotReady},
    {"RESOURCE_NOT_READY", Kind::kNotReady},
    {"operationInProgress", Kind::kNotReady},
    {"resourceNotReady", Kind::kNotReady},

    {"ABORTED", Kind::kStaleRead},
    {"CONDITION_NOT_MET", Kind::kStaleRead},
    {"conditionNotMet", Kind::kStaleRead},
    {"conflict", Kind::kStaleRead},

    {"CANCELLED", Kind::kServerFault},
    {"DEADLINE_EXCEEDED", Kind::kServerFault},
    {"INTERNAL", Kind::kServerFault},
    {"INTERNAL_ERROR", Kind::kServerFault},
    {"UNAVAILABLE", Kind::kServerFault},
    {"UNKNOWN", Kind::kServerFault},
    {"backendError", Kind::kServerFault},
    {"backend_error", Kind::kServerFault},
    {"internalError", Kind::kServerFault},
    {"internal_failure", Kind::kServerFault},
    {"server_error", Kind::kServerFault},
    {"temporarily_unavailable", Kind::kServerFault},
};

Kind kind_of_status(int status) {
  switch (status) {
    case 400:
    case 413:
      return Kind::kBadParameter;
    case 401:
      return Kind::kBadCredentials;
    case 403:
      return Kind::kUnauthorized;
    case 404:
    case 410:
      return Kind::kNotFound;
    case 409:
    case 412:
      return Kind::kStaleRead;
    case 429:
      return Kind::kRateLimited;
    default:
      return status == 408 || status >= 500 ? Kind::kServerFault : Kind::kUnknownReason;
  }
}

ErrorMeaning meaning_of_kind(Kind kind) {
  switch (kind) {
    case Kind::kRateLimited:
      return {kind, Fault::kTransient, ErrorCode::kProviderUnavailable};
    case Kind::kServerFault:
      return {kind, Fault::kUnknown, ErrorCode::kProviderUnavailable};
    case Kind::kNoCapacity:
      return {kind, Fault::kTransient, ErrorCode::kLaunchFailed};
    case Kind::kUnauthorized:
    case Kind::kBadCredentials:
      return {kind, Fault::kPermanent, ErrorCode::kCredentials};
    case Kind::kInUse:
    case Kind::kNotReady:
      return {kind, Fault::kTransient, ErrorCode::kProviderRefused};
    case Kind::kStaleRead:
      return {kind, Fault::kConflict, ErrorCode::kProviderRefused};
    default:
      return {kind, Fault::kPermanent, ErrorCode::kProviderRefused};
  }
}

}  // namespace

std::span<const ErrorRow> error_rows() {
  return kRows;
}

ErrorMeaning meaning_of(std::string_view reason, int status) {
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows),
                                       [&](const ErrorRow& each) { return each.reason == reason; });
  return meaning_of_kind(row != std::end(kRows) ? row->kind : kind_of_status(status));
}

bool another_may_work(ErrorClass kind) {
  return kind == Kind::kNoCapacity || kind == Kind::kNotOffered || kind == Kind::kQuota ||
         kind == Kind::kUnknownReason;
}

std::string precise_reason(const std::string& reason, const std::string& message) {
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  if (reason == "conditionNotMet" || reason == "CONDITION_NOT_MET") {
    return says("onstraint") ? "constraintViolated" : reason;
  }
  if (reason == "RESOURCE_EXHAUSTED") {
    const bool rate = says(" per minute") || says(" per second") || says("requests per");
    if (says("capacity")) return "STOCKOUT";
    if (!rate && (says("Quota limit") || says("quota"))) return "QUOTA_EXCEEDED";
  }
  return reason;
}

}  // namespace rayctl::gcp
