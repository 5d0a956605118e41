#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"
#include "net/http_client.h"
#include "providers/aws/api.h"
#include "providers/aws/credentials.h"
#include "providers/aws/profiles.h"

namespace rayctl::aws {

/// What AWS's services are called with.
struct ApiSettings {
  std::string region;               ///< provider.region
  Environment env;                  ///< AWS_..., HOME, and the proxies' variables
  std::optional<SigningKey> given;  ///< provider.aws_credentials: in place of all others
  RunProgram run;                   ///< for credential_process; without it that is an error
  Clock* clock = nullptr;           ///< outlives the client
  /// Sends the requests; null: one is made, with the proxies and certificates of the environment.
  std::shared_ptr<HttpClient> http;
  /// Pauses between tries; `attempts` counts only if neither AWS_MAX_ATTEMPTS nor the profile says.
  BackoffPolicy backoff{Millis{500}, Millis{20'000}, 5};
  std::function<double()> random;  ///< 0..1, from any thread; empty: the system's
  std::stop_token stop;            ///< ends a pause; the call then fails as its last try did
};

/// Api, and what was called.
class Client : public Api {
 public:
  /// Requests sent until now, by action; each repetition counts, look-ups of credentials do not.
  virtual std::map<std::string, int> calls() const = 0;
};

/// Calls AWS with the credentials that find_credentials() finds, at the first call and again before
/// they expire. One call's try lasts at most a minute. Reads the AWS tools' files at once and says
/// at the first call if they cannot be read.
std::unique_ptr<Client> make_api(ApiSettings settings);

}  // namespace rayctl::aws
