#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/json.h"
#include "net/http_client.h"

namespace rayctl::kubernetes {

/// What an API server says about a call that failed: metav1.Status.
/// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
struct ApiStatus {
  struct Cause {
    std::string reason, message, field;
    bool operator==(const Cause&) const = default;
  };
  int code = 0;  ///< of HTTP
  std::string reason, message;
  std::vector<Cause> causes;
  Millis retry_after{0};
  bool given = false;  ///< it was a Status; else `message` is what came instead
  bool operator==(const ApiStatus&) const = default;
};

/// Pure, as all here.
ApiStatus read_status(const HttpResponse& response);
ApiStatus read_status(const Json& status);

/// A refusal because a ResourceQuota is used up: it may be granted when something has ended.
bool over_quota(const ApiStatus& status);
/// A refusal because the user lacks a right.
bool lacks_right(const ApiStatus& status);
/// Created by somebody before us, other than changed by somebody since we read.
bool already_exists(const ApiStatus& status);

/// `doing`: verb, resource and namespace; `harmless`: that the call did nothing, or may be made
/// again, is known whatever the failure (it only reads). 401, 403 without a right: kCredentials.
/// 409 and 410: kConflict. 429 and 503: kTransient. Another 5xx: kUnknown unless harmless. The
/// rest: kPermanent.
Error error_of(const std::string& doing, const ApiStatus& status, bool harmless);

}  // namespace rayctl::kubernetes
