#pragma once
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"
#include "net/http_client.h"
#include "providers/gcp/api.h"
#include "providers/gcp/credentials.h"
#include "providers/gcp/surroundings.h"

namespace rayctl::gcp {

/// What Google's services are called with.
struct ApiSettings {
  Environment env;  ///< GOOGLE_..., CLOUDSDK_..., HOME, and the proxies' variables
  /// provider.gcp_credentials, in place of all others: {"type": "service_account", "credentials":
  /// the key file's text} or {"type": "credentials_token", "credentials": a token}. Null: none.
  Json given;
  /// The service account to act as, and before it the delegates on the way there, with commas; ""
  /// for what CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT says.
  std::string impersonate;
  RunProgram run;          ///< for executables of identity federation; without it that is an error
  Clock* clock = nullptr;  ///< outlives the client
  /// Sends the requests; null: one is made, with the proxies and certificates of the environment
  /// (CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE, or gcloud's file, then SSL_CERT_FILE).
  std::shared_ptr<HttpClient> http;
  BackoffPolicy backoff{Millis{500}, Millis{20'000}, 5};  ///< pauses between tries
  std::function<double()> random;  ///< 0..1, from any thread; empty: the system's
  std::stop_token stop;            ///< ends a pause; the call then fails as its last try did
};

/// Api, and what was called.
class Client : public Api {
 public:
  /// Requests sent until now, by the call's id; each repetition counts, look-ups of tokens do not.
  virtual std::map<std::string, int> calls() const = 0;
  /// The token of the next call: who we are. Fails as a call without credentials does.
  virtual Result<Token> token(Time deadline) = 0;
  /// The project to work in: `configured` (provider.project_id) unless it is empty, then
  /// GOOGLE_CLOUD_PROJECT, GCLOUD_PROJECT, CLOUDSDK_CORE_PROJECT, the credentials' own, gcloud's
  /// active configuration and the metadata server's. kCredentials with all places if none names it.
  virtual Result<Project> project(const std::string& configured, Time deadline) = 0;
};

/// Calls Google with the token that find_token() finds, at the first call and again before it
/// expires. One call's try lasts at most a minute. The services are at googleapis.com, or where
/// CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE, _IAM, _CLOUDRESOURCEMANAGER and _TPU say.
std::unique_ptr<Client> make_api(ApiSettings settings);

}  // namespace rayctl::gcp
