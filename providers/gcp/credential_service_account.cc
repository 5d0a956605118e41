#include "net/rs256.h"
#include "providers/gcp/credential_places.h"

namespace rayctl::gcp {
namespace {

constexpr char kTokens[] = "https://oauth2.googleapis.com/token";
constexpr char kGrant[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::int64_t kLifetime = 3600;  ///< seconds, the longest that Google takes

/// The claim of RFC 7523, signed.
Result<std::string> assertion(const Json& key, const std::string& audience, Time now) {
  const auto issued = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  Json header = {{"alg", "RS256"}, {"typ", "JWT"}};
  if (const std::string id = text_of(key, "private_key_id"); !id.empty()) header["kid"] = id;
  const Json claims = {{"iss", text_of(key, "client_email")},
                       {"scope", kScope},
                       {"aud", audience},
                       {"iat", issued},
                       {"exp", issued + kLifetime}};
  const std::string signed_part = to_base64url(header.dump()) + "." + to_base64url(claims.dump());
  const Result<std::string> signature = rs256_sign(text_of(key, "private_key"), signed_part);
  if (!signature) return signature.error();
  return signed_part + "." + to_base64url(*signature);
}

/// The service goes by its own clock.
Error with_hint(Error error) {
  if (error.message.find("timeframe") != std::string::npos) {
    error.message += "; the clock of this machine may be wrong";
  }
  return error;
}

}  // namespace

Result<Token> from_service_account(CredentialPlaces& places, const CredentialFile& file,
                                   Time deadline) {
  const std::string email = text_of(file.json, "client_email");
  for (const char* name : {"client_email", "private_key"}) {
    if (text_of(file.json, name).empty()) {
      return credential_error("the service account's key of " + file.place + " has no " + name);
    }
  }
  const std::string source = "service account " + email + " from " + file.place;
  std::string url = text_of(file.json, "token_uri");
  if (url.empty()) url = kTokens;
  const Result<std::string> claim = assertion(file.json, url, places.clock.now());
  if (!claim) {
    return credential_error("private_key of " + source + ": " + claim.error().message);
  }
  const std::string what = "a token of " + source;
  const Result<Json> answer = ask_for_json(
      places, form_request(url, {{"grant_type", kGrant}, {"assertion", *claim}}), what, deadline);
  if (!answer) return with_hint(answer.error());
  Result<Token> token = read_token(places, *answer, what);
  if (!token) return token;
  token->source = source;
  token->principal = email;
  token->quota_project = text_of(file.json, "quota_project_id");
  return token;
}

}  // namespace rayctl::gcp
