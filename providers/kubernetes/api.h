#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/json.h"
#include "net/web_socket.h"
#include "providers/kubernetes/credentials.h"
#include "providers/kubernetes/errors.h"
#include "providers/kubernetes/resource_path.h"
#include "providers/kubernetes/target.h"

namespace rayctl::kubernetes {

/// Content types of a PATCH.
inline constexpr char kMergePatch[] = "application/merge-patch+json";
inline constexpr char kApplyPatch[] = "application/apply-patch+yaml";  ///< takes JSON as well

struct ApiCall {
  std::string method = "GET";
  std::string path;  ///< "/api/v1/namespaces/demo/pods"; its parts are percent_encode()d
  Query query = {};
  Json body = nullptr;  ///< null: none
  std::string content_type = "application/json";
  /// Statuses besides 2xx that are answers and no errors, and are not tried again: {404} where it
  /// is all right that a thing is gone.
  std::vector<int> expected = {};
  bool repeatable = false;  ///< makes no difference if it is done twice; a GET always is
};

struct ApiAnswer {
  int status = 0;
  Json body;         ///< null if it is no JSON
  std::string text;  ///< then what it is: a log
  ApiStatus failed;  ///< of a status that is not 2xx
};

struct ApiList {
  std::vector<Json> items;
  std::string resource_version;  ///< to watch from
};

struct WatchEvent {
  enum class Kind { kAdded, kModified, kDeleted };
  Kind kind = Kind::kAdded;
  Json object;
};

enum class WatchEnd {
  kDeadline,  ///< watched to the end
  kStopped,   ///< by the caller
  kExpired,   ///< what happened since the resource version is forgotten: list anew
};

struct Watched {
  WatchEnd end = WatchEnd::kDeadline;
  std::string resource_version;  ///< of the last event, to go on from
};

/// A WebSocket, or what was answered in its place (a status that the call expects).
struct ApiSocket {
  std::unique_ptr<WebSocket> socket;
  ApiAnswer refusal;
};

/// Kubernetes' API server. Thread-safe. All calls: 429 and 503 are tried again as the server asks,
/// until the deadline; what was not sent, and lost answers and failures of the server if the call
/// is repeatable, a few times; after a 401 the credentials are looked up anew, once. Errors: see
/// error_of(); kUnknown if a call that is not repeatable may have been heard.
class Api {
 public:
  virtual ~Api() = default;
  virtual Result<ApiAnswer> call(const ApiCall& call, Time deadline) = 0;
  /// All of a collection, in pages of 500; begins anew if the server forgets it in between.
  virtual Result<ApiList> list(const std::string& path, const Query& query, Time deadline) = 0;
  /// Tells what happens in a collection after a resource version (of list()), on this thread, each
  /// once and in order, whatever connections break, until the deadline, `stop`, or the sink gives
  /// false. Fails as call() does.
  virtual Result<Watched> watch(const std::string& path, const Query& query,
                                const std::string& resource_version,
                                const std::function<bool(const WatchEvent&)>& sink, Time deadline,
                                std::stop_token stop) = 0;
  /// Opens a WebSocket; the call's method is GET.
  virtual Result<ApiSocket> open(const ApiCall& call, const std::string& protocol,
                                 Time deadline) = 0;
  virtual const Target& target() const = 0;
};

struct ApiSettings {
  Target target;
  Environment env;         ///< the proxies' variables, PATH, and what plugins get
  RunPlugin run;           ///< for plugins
  Clock* clock = nullptr;  ///< outlives it
  BackoffPolicy backoff{Millis{250}, Millis{10'000}, 6};
  std::function<double()> random;  ///< 0..1, from any thread; empty: the system's
  std::stop_token stop;            ///< ends a pause; the call then fails as its last try did
};

/// One call's try lasts at most a minute. Sends nothing yet.
std::unique_ptr<Api> make_api(ApiSettings settings);

}  // namespace rayctl::kubernetes
