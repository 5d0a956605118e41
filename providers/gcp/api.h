#pragma once
#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/json.h"

namespace rayctl::gcp {

enum class Service { kCompute, kIam, kResourceManager, kTpu };

/// A call of one of Google's REST services.
struct Call {
  /// Its id in the service's discovery document, for messages and for the right that it needs:
  /// "compute.instances.insert".
  std::string id;
  std::string verb = "GET";
  Service service = Service::kCompute;
  /// What follows the service's base, percent-encoded where needed:
  /// "projects/p/zones/us-west1-a/instances".
  std::string path;
  std::map<std::string, std::string> query;  ///< as people write it; encoded by the client
  Json body;                                 ///< null: none
  /// Whether it does no more when it is made twice: it reads, has a requestId, or sets what is then
  /// set. Only such a call is made again after a lost answer or a failure of the service's own.
  bool repeatable = false;
};

/// What an answer, or an operation, that failed says. All empty if there was no answer.
struct ApiError {
  int status = 0;       ///< of HTTP
  std::string reason;   ///< "notFound", "ZONE_RESOURCE_POOL_EXHAUSTED": the first one that is given
  std::string message;  ///< the service's own words, all of them, in one line
  bool operator==(const ApiError&) const = default;
};

/// One of an answer or what went wrong.
template <class T>
struct Reply {
  Result<T> value;
  ApiError api;  ///< filled where the service answered with an error
  explicit operator bool() const { return value.ok(); }
  const T& operator*() const { return *value; }
  const T* operator->() const { return &*value; }
};

/// Calls of Google's services with a bearer token. Retried here, with jittered backoff and within
/// the deadline: rate limits, a connection that cannot be had and, for repeatable calls, a lost
/// answer and a failure of the service's own. A token that is refused is looked for again once.
/// Faults: kTransient (it did not happen: rate limited to the end, no capacity, no connection),
/// kPermanent (refused), kConflict (a fingerprint or an etag is an old one), kUnknown (no answer,
/// or a 5xx to a call that changes something). kCredentials where credentials are missing, expired
/// or without the right: the message then names the permission ("compute.instances.create") and
/// `rayctl iam-policy`. Thread-safe.
class Api {
 public:
  virtual ~Api() = default;
  virtual Reply<Json> call(const Call& call, Time deadline) = 0;
};

}  // namespace rayctl::gcp
