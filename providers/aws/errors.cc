#include "providers/aws/errors.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace rayctl::aws {
namespace {

using Kind = ErrorClass;

// Codes of the EC2, IAM, STS and SSM API references ("Error codes" of each), sorted by kind.
constexpr ErrorRow kRows[] = {
    {"BandwidthLimitExceeded", Kind::kThrottled},
    {"EC2ThrottledException", Kind::kThrottled},
    {"LimitExceededException", Kind::kThrottled},
    {"PriorRequestNotComplete", Kind::kThrottled},
    {"ProvisionedThroughputExceededException", Kind::kThrottled},
    {"RequestLimitExceeded", Kind::kThrottled},
    {"RequestThrottled", Kind::kThrottled},
    {"RequestThrottledException", Kind::kThrottled},
    {"SlowDown", Kind::kThrottled},
    {"Throttling", Kind::kThrottled},
    {"ThrottledException", Kind::kThrottled},
    {"ThrottlingException", Kind::kThrottled},
    {"TooManyRequestsException", Kind::kThrottled},
    {"TransactionInProgressException", Kind::kThrottled},

    {"InsufficientAddressCapacity", Kind::kNoCapacity},
    {"InsufficientCapacity", Kind::kNoCapacity},
    {"InsufficientCapacityOnHost", Kind::kNoCapacity},
    {"InsufficientFreeAddressesInSubnet", Kind::kNoCapacity},
    {"InsufficientHostCapacity", Kind::kNoCapacity},
    {"InsufficientInstanceCapacity", Kind::kNoCapacity},
    {"InsufficientReservedInstanceCapacity", Kind::kNoCapacity},
    {"InsufficientVolumeCapacity", Kind::kNoCapacity},
    {"CapacityReservationUnavailable", Kind::kNoCapacity},
    {"InvalidCapacityReservationState", Kind::kNoCapacity},
    {"ReservationCapacityExceeded", Kind::kNoCapacity},
    {"SpotMaxPriceTooLow", Kind::kNoCapacity},
    {"UnfulfillableCapacity", Kind::kNoCapacity},

    {"InvalidCapacityReservationId.NotFound", Kind::kNotOffered},
    {"InvalidInstanceType", Kind::kNotOffered},
    {"Unsupported", Kind::kNotOffered},
    {"UnsupportedHibernationConfiguration", Kind::kNotOffered},
    {"UnsupportedOperation", Kind::kNotOffered},
    {"UnsupportedTenancy", Kind::kNotOffered},

    {"AddressLimitExceeded", Kind::kQuota},
    {"AttachmentLimitExceeded", Kind::kQuota},
    {"CapacityReservationLimitExceeded", Kind::kQuota},
    {"HostLimitExceeded", Kind::kQuota},
    {"InstanceLimitExceeded", Kind::kQuota},
    {"LimitExceeded", Kind::kQuota},
    {"MaxIOPSLimitExceeded", Kind::kQuota},
    {"MaxScheduledInstanceCapacityExceeded", Kind::kQuota},
    {"MaxSpotFleetRequestCountExceeded", Kind::kQuota},
    {"MaxSpotInstanceCountExceeded", Kind::kQuota},
    {"NetworkInterfaceLimitExceeded", Kind::kQuota},
    {"PlacementGroupLimitExceeded", Kind::kQuota},
    {"ResourceCountExceeded", Kind::kQuota},
    {"ResourceCountLimitExceeded", Kind::kQuota},
    {"ResourceLimitExceeded", Kind::kQuota},
    {"RulesPerSecurityGroupLimitExceeded", Kind::kQuota},
    {"SecurityGroupLimitExceeded", Kind::kQuota},
    {"SecurityGroupsPerInstanceLimitExceeded", Kind::kQuota},
    {"SecurityGroupsPerInterfaceLimitExceeded", Kind::kQuota},
    {"SnapshotLimitExceeded", Kind::kQuota},
    {"TagLimitExceeded", Kind::kQuota},
    {"VcpuLimitExceeded", Kind::kQuota},
    {"VolumeIOPSLimit", Kind::kQuota},
    {"VolumeLimitExceeded", Kind::kQuota},

    {"Blocked", Kind::kAccount},
    {"NotOptedIn", Kind::kAccount},
    {"OptInRequired", Kind::kAccount},
    {"PendingVerification", Kind::kAccount},
    {"RegionDisabledException", Kind::kAccount},
    {"SubscriptionRequiredException", Kind::kAccount},

    {"AccessDenied", Kind::kUnauthorized},
    {"AccessDeniedException", Kind::kUnauthorized},
    {"UnauthorizedOperation", Kind::kUnauthorized},

    {"AuthFailure", Kind::kBadCredentials},
    {"IncompleteSignature", Kind::kBadCredentials},
    {"InvalidAccessKeyId", Kind::kBadCredentials},
    {"InvalidClientTokenId", Kind::kBadCredentials},
    {"InvalidIdentityToken", Kind::kBadCredentials},
    {"InvalidSecurity", Kind::kBadCredentials},
    {"InvalidSignatureException", Kind::kBadCredentials},
    {"MissingAuthenticationToken", Kind::kBadCredentials},
    {"MissingAuthenticationTokenException", Kind::kBadCredentials},
    {"SignatureDoesNotMatch", Kind::kBadCredentials},
    {"UnrecognizedClientException", Kind::kBadCredentials},

    {"ExpiredToken", Kind::kExpired},
    {"ExpiredTokenException", Kind::kExpired},
    {"RequestExpired", Kind::kExpired},
    {"RequestInTheFuture", Kind::kExpired},
    {"RequestTimeTooSkewed", Kind::kExpired},

    {"MalformedPolicyDocument", Kind::kBadParameter},
    {"OperationNotPermitted", Kind::kBadParameter},  // protected against termination
    {"ParameterPatternMismatchException", Kind::kBadParameter},
    {"UnknownParameter", Kind::kBadParameter},
    {"UnknownPrincipalType.Unsupported", Kind::kBadParameter},
    {"ValidationError", Kind::kBadParameter},
    {"ValidationException", Kind::kBadParameter},

    {"NoSuchEntity", Kind::kNotFound},
    {"ParameterNotFound", Kind::kNotFound},

    {"EntityAlreadyExists", Kind::kAlreadyExists},
    {"InvalidGroup.Duplicate", Kind::kAlreadyExists},
    {"InvalidKeyPair.Duplicate", Kind::kAlreadyExists},
    {"InvalidPermission.Duplicate", Kind::kAlreadyExists},

    {"DeleteConflict", Kind::kInUse},
    {"DependencyViolation", Kind::kInUse},
    {"InvalidGroup.InUse", Kind::kInUse},
    {"InvalidGroup.Reserved", Kind::kInUse},
    {"VolumeInUse", Kind::kInUse},

    {"ConcurrentModification", Kind::kWrongState},
    {"EntityTemporarilyUnmodifiable", Kind::kWrongState},
    {"IncorrectInstanceState", Kind::kWrongState},
    {"IncorrectSpotRequestState", Kind::kWrongState},
    {"IncorrectState", Kind::kWrongState},
    {"InvalidState", Kind::kWrongState},

    {"IdempotentInstanceTerminated", Kind::kTokenReused},
    {"IdempotentParameterMismatch", Kind::kTokenReused},

    {"DryRunOperation", Kind::kDryRun},

    {"InternalError", Kind::kServerFault},
    {"InternalFailure", Kind::kServerFault},
    {"InternalServerError", Kind::kServerFault},
    {"RequestTimeout", Kind::kServerFault},
    {"RequestTimeoutException", Kind::kServerFault},
    {"ServerInternal", Kind::kServerFault},
    {"ServiceFailure", Kind::kServerFault},
    {"ServiceUnavailable", Kind::kServerFault},
    {"ServiceUnavailableException", Kind::kServerFault},
    {"Unavailable", Kind::kServerFault},
};

Kind kind_by_form(std::string_view code, int status) {
  const auto has = [&](std::string_view part) { return code.find(part) != std::string_view::npos; };
  if (has("Throttl") || status == 429) return Kind::kThrottled;
  if (code.starts_with("Insufficient") && has("Capacity")) return Kind::kNoCapacity;
  if (has("NotFound") || code.starts_with("NoSuch")) return Kind::kNotFound;
  if (has("Duplicate") || code.ends_with("AlreadyExists")) return Kind::kAlreadyExists;
  if (code.ends_with("InUse")) return Kind::kInUse;
  if (code.ends_with("LimitExceeded")) return Kind::kQuota;
  if (code.starts_with("AccessDenied") || code.starts_with("Unauthorized")) {
    return Kind::kUnauthorized;
  }
  for (const std::string_view start :
       {"Invalid", "Malformed", "Missing", "Unknown", "Validation"}) {
    if (code.starts_with(start)) return Kind::kBadParameter;
  }
  return status >= 500 ? Kind::kServerFault : Kind::kUnknownCode;
}

ErrorMeaning meaning_of_kind(Kind kind) {
  switch (kind) {
    case Kind::kThrottled:
      return {kind, Fault::kTransient, ErrorCode::kProviderUnavailable};
    case Kind::kServerFault:
      return {kind, Fault::kUnknown, ErrorCode::kProviderUnavailable};
    case Kind::kNoCapacity:
      return {kind, Fault::kTransient, ErrorCode::kLaunchFailed};
    case Kind::kUnauthorized:
    case Kind::kBadCredentials:
    case Kind::kExpired:
      return {kind, Fault::kPermanent, ErrorCode::kCredentials};
    case Kind::kInUse:
      return {kind, Fault::kTransient, ErrorCode::kProviderRefused};
    case Kind::kWrongState:
      return {kind, Fault::kConflict, ErrorCode::kProviderRefused};
    default:
      return {kind, Fault::kPermanent, ErrorCode::kProviderRefused};
  }
}

/// The word after `label`, without the punctuation behind it.
std::string word_after(const std::string& text, std::string_view label) {
  const std::size_t start = text.find(label);
  if (start == std::string::npos) return "";
  const std::size_t begin = start + label.size();
  std::string word = text.substr(begin, text.find_first_of(" \n", begin) - begin);
  while (word.ends_with('.') || word.ends_with(',') || word.ends_with(';'))
    word.pop_back();
  return word;
}

/// Without what is long and for nobody, or holds the session's token (a canonical string does).
std::string without_secrets(const std::string& text) {
  std::size_t end = text.size();
  for (const char* start : {"Encoded authorization failure message", "The Canonical String"}) {
    end = std::min(end, text.find(start));
  }
  return trim(text.substr(0, end));
}

std::string in_one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 32) c = ' ';
  }
  return trim(text);
}

std::string not_allowed(const std::string& doing, const std::string& words) {
  const std::string action = word_after(words, "to perform: ");
  const std::string who = word_after(words, "User: ");
  const std::string what = word_after(words, "on resource: ");
  std::string text = (action.empty() ? doing : action) + " is not allowed";
  if (!who.empty()) text += " for " + who;
  if (!what.empty()) text += " on " + what;
  if (const std::size_t because = words.find("because "); because != std::string::npos) {
    std::string reason = words.substr(because);
    while (reason.ends_with('.'))
      reason.pop_back();
    text += " (" + reason + ")";
  }
  return text + "; `rayctl iam-policy CONFIG` prints what is needed";
}

}  // namespace

std::span<const ErrorRow> error_rows() {
  return kRows;
}

ErrorMeaning meaning_of(std::string_view code, int status) {
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows),
                                       [&](const ErrorRow& each) { return each.code == code; });
  return meaning_of_kind(row != std::end(kRows) ? row->kind : kind_by_form(code, status));
}

bool another_may_work(ErrorClass kind) {
  return kind == Kind::kNoCapacity || kind == Kind::kNotOffered || kind == Kind::kQuota ||
         kind == Kind::kUnknownCode;
}

Error error_of(const std::string& doing, const ApiError& answer, const std::string& request_id) {
  const ErrorMeaning meaning = meaning_of(answer.code, answer.status);
  const std::string words = in_one_line(without_secrets(answer.message));
  std::string message = doing + ": ";
  if (meaning.kind == Kind::kUnauthorized) {
    message = not_allowed(doing, words);
  } else if (answer.code.empty()) {
    message += "HTTP status " + std::to_string(answer.status);
  } else {
    message += answer.code;
  }
  if (meaning.kind != Kind::kUnauthorized && !words.empty()) message += ": " + words;
  Error error{meaning.fault, meaning.code, std::move(message), {}};
  if (!request_id.empty()) error.context.push_back("request id " + request_id);
  return error;
}

}  // namespace rayctl::aws
