#include "providers/aws/credential_places.h"

#include <algorithm>

#include "base/backoff.h"
#include "model/json.h"
#include "model/json_text.h"
#include "net/times.h"

namespace rayctl::aws {
Error credential_error(std::string message) {
  return permanent(ErrorCode::kCredentials, std::move(message));
}

Result<HttpResponse> ask(CredentialPlaces& places, const HttpRequest& request, Time deadline,
                         Millis each, int tries) {
  for (int retry = 0;; ++retry) {
    const Time until = std::min(deadline, places.clock.now() + each);
    Result<HttpResponse> response = places.http.send(request, until);
    const bool again = response ? response->status >= 500 || response->status == 429
                                : response.error().fault != Fault::kPermanent;
    if (!again || retry + 1 >= tries || places.clock.now() >= deadline) return response;
    places.clock.sleep(backoff_delay(BackoffPolicy{}, retry, 0.5), {});
  }
}

Result<Credentials> parse_credential_document(const std::string& text, const std::string& source) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return credential_error(source + " did not answer with credentials");
  Credentials credentials;
  credentials.source = source;
  credentials.key.access_key = text_in(json, "AccessKeyId");
  credentials.key.secret_key = text_in(json, "SecretAccessKey");
  credentials.key.session_token = text_in(json, "SessionToken");
  if (credentials.key.session_token.empty()) credentials.key.session_token = text_in(json, "Token");
  if (const std::string code = text_in(json, "Code"); !code.empty() && code != "Success") {
    return credential_error(source + " answers " + code + ": " + text_in(json, "Message"));
  }
  if (credentials.key.access_key.empty() || credentials.key.secret_key.empty()) {
    return credential_error(source + " answers without AccessKeyId and SecretAccessKey");
  }
  if (const std::string expiration = text_in(json, "Expiration"); !expiration.empty()) {
    credentials.expires = parse_timestamp(expiration);
    if (!credentials.expires) return credential_error(source + " gives no time as Expiration");
  }
  return credentials;
}

Found from_environment(CredentialPlaces& places) {
  const std::string access_key = variable(places.env, "AWS_ACCESS_KEY_ID");
  if (access_key.empty()) {
    places.looked.emplace_back("AWS_ACCESS_KEY_ID is not set");
    return std::nullopt;
  }
  Credentials credentials;
  credentials.source = "the environment";
  credentials.key.access_key = access_key;
  credentials.key.secret_key = variable(places.env, "AWS_SECRET_ACCESS_KEY");
  for (const char* name : {"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}) {
    if (credentials.key.session_token.empty()) {
      credentials.key.session_token = variable(places.env, name);
    }
  }
  if (credentials.key.secret_key.empty()) {
    return credential_error("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
  }
  return credentials;
}

}  // namespace rayctl::aws
