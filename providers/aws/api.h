#pragma once
#include <map>
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/json.h"

namespace rayctl::aws {

/// Parameters of the Query protocol as they go out: {"Filter.1.Name", "tag:x"}, ... Sorted.
using Params = std::map<std::string, std::string>;

/// The answer of a Query-protocol call: the root element. Namespaces are left as they came.
using Answer = std::shared_ptr<const pugi::xml_document>;

/// What an answer that is an error says; `Error::context` has the request id last.
struct ApiError {
  int status = 0;       ///< of HTTP; 0 if there was no answer
  std::string code;     ///< "InsufficientInstanceCapacity"; "" if there was no answer
  std::string message;  ///< the service's own words, in one line
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

/// Calls of AWS services, signed. Retried here, with jittered backoff and within the deadline:
/// throttling, a connection that cannot be had and, for calls that are safe to repeat (retry.h:
/// they read, have a ClientToken, or set what is then set), a lost answer and a failure of the
/// service's own. Expired credentials are looked for again once. Nothing else is retried. Faults:
/// kTransient (it did not happen: throttled to the end, no capacity, no connection), kPermanent
/// (refused), kUnknown (no answer, or a 5xx to a call that changes something). kCredentials where
/// credentials are missing, expired or without the right: the message then names the action
/// ("ec2:RunInstances") and `rayctl iam-policy`. Thread-safe.
class Api {
 public:
  virtual ~Api() = default;
  /// EC2 and IAM and STS: `service` is "ec2", "iam" or "sts".
  virtual Reply<Answer> query(const std::string& service, const std::string& action, Params params,
                              Time deadline) = 0;
  /// SSM: JSON 1.1 with X-Amz-Target.
  virtual Reply<Json> json(const std::string& service, const std::string& target, const Json& body,
                           Time deadline) = 0;
  virtual const std::string& region() const = 0;
};

}  // namespace rayctl::aws
