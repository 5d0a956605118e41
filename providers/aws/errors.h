#pragma once
#include <algorithm>
#include <array>
#include <string_view>

#include "providers/aws/api.h"

namespace rayctl::aws {

/// What a caller may do about the error of a service.
enum class ErrorClass {
  kThrottled,
  kNoCapacity,
  kQuota,
  kUnauthorized,
  kBadParameter,
  kNotFound,
  kInUse,
  kServerFault,
  kExpired,
  kUnknownCode,
  kNoAnswer,
};

/// The class of an answer that is an error.
inline ErrorClass classify(const ApiError& error) {
  const std::string_view code = error.code;
  const auto is = [&](auto... words) { return ((code == words) || ...); };
  const auto ends = [&](std::string_view end) { return code.ends_with(end); };
  if (code.empty()) return ErrorClass::kNoAnswer;
  if (is("RequestLimitExceeded", "Throttling", "ThrottlingException")) {
    return ErrorClass::kThrottled;
  }
  if (is("InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity",
         "InsufficientReservedInstanceCapacity", "InsufficientFreeAddressesInSubnet",
         "InsufficientCapacityOnHost", "InsufficientAddressCapacity", "Unsupported",
         "SpotMaxPriceTooLow", "ReservationCapacityExceeded")) {
    return ErrorClass::kNoCapacity;
  }
  if (is("InstanceLimitExceeded", "VcpuLimitExceeded", "MaxSpotInstanceCountExceeded",
         "VolumeLimitExceeded", "AddressLimitExceeded", "MaxIOPSLimitExceeded")) {
    return ErrorClass::kQuota;
  }
  if (is("UnauthorizedOperation", "AuthFailure", "AccessDenied", "OptInRequired", "Blocked",
         "PendingVerification")) {
    return ErrorClass::kUnauthorized;
  }
  if (is("RequestExpired", "ExpiredToken")) return ErrorClass::kExpired;
  if (is("InternalError", "InternalFailure", "Unavailable", "ServiceUnavailable")) {
    return ErrorClass::kServerFault;
  }
  if (ends(".NotFound")) return ErrorClass::kNotFound;
  if (ends(".InUse")) return ErrorClass::kInUse;
  if (ends(".Malformed") || code.starts_with("InvalidParameter") ||
      is("MissingParameter", "UnknownParameter", "InvalidBlockDeviceMapping", "InvalidUserData",
         "InvalidInstanceType")) {
    return ErrorClass::kBadParameter;
  }
  return ErrorClass::kUnknownCode;
}

}  // namespace rayctl::aws
