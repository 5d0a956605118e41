#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "providers/gcp/api.h"

namespace rayctl::gcp {

/// What a reason of an error is about: what somebody can do about it.
enum class ErrorClass {
  kRateLimited,     ///< too many calls: later
  kNoCapacity,      ///< no machine of this kind in this zone now: later, or another zone or market
  kNotOffered,      ///< this type is never there in this zone
  kQuota,           ///< the project's limit: another market or type may have another one
  kUnauthorized,    ///< the credentials are good and lack the right
  kBadCredentials,  ///< the credentials are not good, or expired
  kApiDisabled,     ///< the service is not enabled in the project
  kBadParameter,    ///< the request makes no sense to the service
  kNotFound,        ///< what it names is not there (or not yet)
  kAlreadyExists,   ///< what it would make is there
  kInUse,           ///< something else still uses it: later
  kNotReady,        ///< it is being changed by another operation: later
  kStaleRead,       ///< a fingerprint or an etag is no longer the current one: read again
  kServerFault,     ///< the service's own failure; what was asked for may have happened
  kUnknownReason,   ///< no row here; a launch goes on with the next alternative
};

/// How a reason is handled.
struct ErrorMeaning {
  ErrorClass kind = ErrorClass::kUnknownReason;
  Fault fault = Fault::kPermanent;
  ErrorCode code = ErrorCode::kProviderRefused;
  bool operator==(const ErrorMeaning&) const = default;
};

/// The meaning of a reason of an answer ("notFound") or of an operation
/// ("ZONE_RESOURCE_POOL_EXHAUSTED"); a reason without a row is read by the HTTP status. Pure.
ErrorMeaning meaning_of(std::string_view reason, int status);

/// Whether a launch that failed so may work in another zone or market.
bool another_may_work(ErrorClass kind);

/// One row of the table, for its test and for documentation.
struct ErrorRow {
  std::string_view reason;
  ErrorClass kind;
};
std::span<const ErrorRow> error_rows();

/// A reason that says no more than the service's words, made precise by them: a policy of the
/// organisation is "constraintViolated" and not the "conditionNotMet" of an old fingerprint, a TPU
/// that is not to be had "STOCKOUT" and a quota "QUOTA_EXCEEDED" and not "RESOURCE_EXHAUSTED".
/// Others stay as they are. Pure.
std::string precise_reason(const std::string& reason, const std::string& message);

/// What the body of an answer that is an error says, in each of the forms that Google's services
/// have: {"error": {"code", "message", "errors": [{"reason"}], "status", "details"}} and OAuth's
/// {"error": "invalid_grant", "error_description"}. The reason is precise.
ApiError parse_error(int status, const std::string& body);

/// The error of a call, or of the operation that it began (`doing`: "compute.instances.insert"),
/// that the service refused: what was done, the reason and the service's words; for a right that is
/// missing, which, and how to find what is needed; for a service that is not enabled, how to enable
/// it.
Error error_of(const std::string& doing, const ApiError& answer);

}  // namespace rayctl::gcp
