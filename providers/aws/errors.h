#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "providers/aws/api.h"

namespace rayctl::aws {

/// What a service's error code is about: what somebody can do about it.
enum class ErrorClass {
  kThrottled,       ///< too many calls: later
  kNoCapacity,      ///< no machine of this kind here now: later, or another type, zone or market
  kNotOffered,      ///< this type is never there in this zone: another type or zone
  kQuota,           ///< the account's limit: another type may have another one, or raise it
  kAccount,         ///< the account is not (yet) allowed to do this at all
  kUnauthorized,    ///< the credentials are good and lack the right
  kBadCredentials,  ///< the credentials are not good
  kExpired,         ///< they were good, or the clock is wrong
  kBadParameter,    ///< the request makes no sense to the service
  kNotFound,        ///< what it names is not there (or not yet)
  kAlreadyExists,   ///< what it would make is there
  kInUse,           ///< something else still uses it: later
  kWrongState,      ///< it cannot do this as it is now: look again
  kTokenReused,     ///< a ClientToken of another request, or of a machine that is gone
  kDryRun,          ///< it would have worked
  kServerFault,     ///< the service's own failure; what was asked for may have happened
  kUnknownCode,     ///< no row here; a launch goes on with the next alternative
};

/// How a code is handled.
struct ErrorMeaning {
  ErrorClass kind = ErrorClass::kUnknownCode;
  Fault fault = Fault::kPermanent;
  ErrorCode code = ErrorCode::kProviderRefused;
  bool operator==(const ErrorMeaning&) const = default;
};

/// The meaning of a service's error code; codes without a row are read by how they are formed
/// ("...NotFound", "...LimitExceeded") and then by the HTTP status. Pure.
ErrorMeaning meaning_of(std::string_view code, int status);

/// Whether a launch that failed so may work with another type, zone, subnet or market.
bool another_may_work(ErrorClass kind);

/// One row of the table, for its test and for documentation.
struct ErrorRow {
  std::string_view code;
  ErrorClass kind;
};
std::span<const ErrorRow> error_rows();

/// The error of a call that the service refused: what was done ("ec2:RunInstances"), the code and
/// the service's words; for a right that is missing, whose and how to find what is needed. An
/// encoded authorization message and a canonical string, which holds the token, are cut out.
/// `request_id` becomes the last of the context.
Error error_of(const std::string& doing, const ApiError& answer, const std::string& request_id);

}  // namespace rayctl::aws
