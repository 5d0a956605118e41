#include "providers/gcp/credential_places.h"

namespace rayctl::gcp {
namespace {

constexpr char kTokens[] = "https://oauth2.googleapis.com/token";

/// Says how a login is renewed, where it is no longer good.
Error with_hint(Error error, const std::string& command) {
  if (error.fault == Fault::kPermanent) error.message += "; log in again with `" + command + "`";
  return error;
}

Result<Token> refreshed(CredentialPlaces& places, const HttpRequest& request,
                        const std::string& source, const CredentialFile& file, Time deadline) {
  const std::string what = "a token of " + source;
  const Result<Json> answer = ask_for_json(places, request, what, deadline);
  if (!answer) return answer.error();
  Result<Token> token = read_token(places, *answer, what);
  if (!token) return token;
  token->source = source;
  token->quota_project = text_of(file.json, "quota_project_id");
  return token;
}

/// What is missing in a file; "" if nothing is.
std::string missing(const Json& json, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (text_of(json, name).empty()) return name;
  }
  return "";
}

}  // namespace

Result<Token> from_authorized_user(CredentialPlaces& places, const CredentialFile& file,
                                   Time deadline) {
  const std::string account = text_of(file.json, "account");
  const std::string source = (account.empty() ? "the login" : account) + " from " + file.place;
  const std::string command = "gcloud auth application-default login";
  const std::string lack = missing(file.json, {"client_id", "client_secret", "refresh_token"});
  if (!lack.empty()) {
    return with_hint(credential_error("the login of " + file.place + " has no " + lack), command);
  }
  std::string url = variable(places.env, "CLOUDSDK_AUTH_TOKEN_HOST");
  if (url.empty()) url = text_of(file.json, "token_uri");
  if (url.empty()) url = kTokens;
  const HttpRequest request =
      form_request(url, {{"grant_type", "refresh_token"},
                         {"client_id", text_of(file.json, "client_id")},
                         {"client_secret", text_of(file.json, "client_secret")},
                         {"refresh_token", text_of(file.json, "refresh_token")}});
  Result<Token> token = refreshed(places, request, source, file, deadline);
  if (!token) return with_hint(token.error(), command);
  token->principal = account;
  return token;
}

Result<Token> from_external_user(CredentialPlaces& places, const CredentialFile& file,
                                 Time deadline) {
  const std::string source = "the login of a workforce pool from " + file.place;
  const std::string command = "gcloud auth application-default login --login-config FILE";
  const std::string lack =
      missing(file.json, {"client_id", "client_secret", "refresh_token", "token_url"});
  if (!lack.empty()) return with_hint(credential_error(source + " has no " + lack), command);
  HttpRequest request = form_request(
      text_of(file.json, "token_url"),
      {{"grant_type", "refresh_token"}, {"refresh_token", text_of(file.json, "refresh_token")}});
  request.headers.push_back(
      basic_authorization(text_of(file.json, "client_id"), text_of(file.json, "client_secret")));
  Result<Token> token = refreshed(places, request, source, file, deadline);
  if (!token) return with_hint(token.error(), command);
  return token;
}

}  // namespace rayctl::gcp
