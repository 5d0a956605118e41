#include "base/digest.h"
#include "base/files.h"
#include "model/json.h"
#include "providers/aws/credential_places.h"
#include "providers/aws/encoding.h"
#include "providers/aws/endpoint.h"
#include "providers/aws/query_protocol.h"

namespace rayctl::aws {
namespace {

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Where the login is: what a profile says, with its sso-session where it names one.
struct Login {
  std::string start_url, region, cache_key;
};

Result<Login> login_of(const CredentialPlaces& places, const std::string& source,
                       const Section& section) {
  const std::string session = setting(section, "sso_session");
  Login login{setting(section, "sso_start_url"), setting(section, "sso_region"), session};
  if (!session.empty()) {
    const auto found = places.profiles.sso_sessions.find(session);
    if (found == places.profiles.sso_sessions.end()) {
      return credential_error(source + " names the sso-session `" + session + "`, which " +
                              places.profiles.config_path + " does not have");
    }
    login.start_url = setting(found->second, "sso_start_url");
    login.region = setting(found->second, "sso_region");
  }
  if (login.cache_key.empty()) login.cache_key = login.start_url;
  if (login.start_url.empty() || login.region.empty() ||
      setting(section, "sso_role_name").empty() || setting(section, "sso_account_id").empty()) {
    return credential_error(source + " needs sso_start_url, sso_region, sso_account_id and " +
                            "sso_role_name");
  }
  return login;
}

Result<std::string> access_token(const CredentialPlaces& places, const Login& login,
                                 const std::string& again) {
  const std::string path = expand_home("~/.aws/sso/cache/" + sha1_hex(login.cache_key) + ".json",
                                       variable(places.env, "HOME"));
  const Result<std::string> text = read_file(path, 1U << 20);
  if (!text) return credential_error("nobody is logged in: " + again);
  const Json json = Json::parse(*text, nullptr, false);
  const std::string token = json.is_object() ? text_of(json, "accessToken") : "";
  if (token.empty()) return credential_error(path + " holds no login: " + again);
  const auto expires = parse_timestamp(text_of(json, "expiresAt"));
  if (!expires || *expires <= places.clock.now()) {
    return credential_error("the SSO login has expired: " + again);
  }
  return token;
}

}  // namespace

Result<Credentials> from_sso(CredentialPlaces& places, const std::string& profile,
                             const Section& section, Time deadline) {
  const std::string source = "profile `" + profile + "`";
  const std::string again = "run `aws sso login --profile " + profile + "`";
  const Result<Login> login = login_of(places, source, section);
  if (!login) return login.error();
  const Result<std::string> token = access_token(places, *login, again);
  if (!token) return in_context(token.error(), "credentials of " + source);

  const Endpoint portal = resolve_endpoint("sso", login->region, places.env, places.profiles);
  HttpRequest request;
  request.url = portal.url + "federation/credentials?role_name=" +
                percent_encode(setting(section, "sso_role_name")) +
                "&account_id=" + percent_encode(setting(section, "sso_account_id"));
  request.headers = {{"x-amz-sso_bearer_token", *token}};
  const Result<HttpResponse> response = ask(places, request, deadline, Millis{10'000}, 3);
  if (!response) return in_context(response.error(), "credentials of " + source);
  if (response->status == 401) {
    return credential_error("the SSO login is no longer accepted: " + again);
  }
  const Json json = Json::parse(response->body, nullptr, false);
  if (response->status != 200 || !json.is_object() || !json.contains("roleCredentials") ||
      !json["roleCredentials"].is_object()) {
    const ApiError error = parse_error(*response);
    return credential_error("SSO gives no credentials for " + source + ": " +
                            (error.message.empty() ? error.code : error.message));
  }
  const Json& found = json["roleCredentials"];
  Credentials credentials;
  credentials.source = source;
  credentials.key = {text_of(found, "accessKeyId"), text_of(found, "secretAccessKey"),
                     text_of(found, "sessionToken")};
  const auto expiration = found.find("expiration");
  if (credentials.key.access_key.empty() || credentials.key.secret_key.empty() ||
      expiration == found.end() || !expiration->is_number_integer()) {
    return credential_error("SSO answers without credentials for " + source);
  }
  credentials.expires = Time{Millis{expiration->get<std::int64_t>()}};
  return credentials;
}

}  // namespace rayctl::aws
