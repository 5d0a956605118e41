#include "providers/gcp/credential_places.h"

#include <algorithm>
#include <cstdlib>

#include "base/backoff.h"
#include "net/ssh_key.h"
#include "net/url_text.h"
#include "providers/gcp/errors.h"

namespace rayctl::gcp {
namespace {

/// Seconds as a number or, as some services have it, as a text; 0 for anything else.
long seconds_of(const Json& answer) {
  const auto found = answer.find("expires_in");
  if (found == answer.end()) return 0;
  if (found->is_number()) return static_cast<long>(found->get<double>());
  return found->is_string() ? std::strtol(found->get<std::string>().c_str(), nullptr, 10) : 0;
}

}  // namespace

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

Result<Json> ask_for_json(CredentialPlaces& places, const HttpRequest& request,
                          const std::string& what, Time deadline) {
  const Result<HttpResponse> response = ask(places, request, deadline, Millis{20'000}, 4);
  if (!response) {
    Error error = response.error();
    error.code = ErrorCode::kCredentials;
    error.message = what + " cannot be had: " + error.message;
    return error;
  }
  if (response->status / 100 != 2) {
    const ApiError api = parse_error(response->status, response->body);
    const bool later = response->status >= 500 || response->status == 429;
    std::string message =
        what + " cannot be had: " +
        (api.reason.empty() ? "HTTP status " + std::to_string(response->status) : api.reason);
    if (!api.message.empty()) message += ": " + api.message;
    return later ? transient(ErrorCode::kCredentials, message) : credential_error(message);
  }
  Json json = Json::parse(response->body, nullptr, false);
  if (!json.is_object()) return credential_error(what + " cannot be had: the answer is no JSON");
  return json;
}

HttpRequest form_request(const std::string& url, const std::map<std::string, std::string>& fields) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.body = form_encode(fields);
  return request;
}

std::pair<std::string, std::string> basic_authorization(const std::string& id,
                                                        const std::string& secret) {
  return {"Authorization", "Basic " + to_base64(id + ":" + secret)};
}

Result<Token> read_token(const CredentialPlaces& places, const Json& answer,
                         const std::string& what) {
  Token token;
  token.text = text_of(answer, "access_token");
  const long seconds = seconds_of(answer);
  if (token.text.empty() || seconds <= 0) {
    return credential_error(what + " cannot be had: the answer has no access_token that lasts");
  }
  token.expires = places.clock.now() + std::chrono::seconds{seconds};
  return token;
}

}  // namespace rayctl::gcp
