#include "base/digest.h"
#include "base/files.h"
#include "model/json.h"
#include "model/json_text.h"
#include "net/times.h"
#include "net/url_text.h"
#include "providers/aws/credential_places.h"
#include "providers/aws/endpoint.h"
#include "providers/aws/query_protocol.h"

namespace rayctl::aws {
namespace {

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

std::string text_after(const Time now, const std::int64_t seconds) {
  return format_time(now + std::chrono::seconds{seconds}).substr(0, 19) + "Z";
}

/// Trades a login's refresh token for a new access token, and puts it where the other tools look.
/// False if that cannot be done; `cached` is then as it was.
bool renew(CredentialPlaces& places, const Login& login, const std::string& path, Json& cached,
           Time deadline) {
  const auto registered = parse_timestamp(text_in(cached, "registrationExpiresAt"));
  if (text_in(cached, "refreshToken").empty() || !registered || *registered <= places.clock.now()) {
    return false;
  }
  HttpRequest request;
  request.method = "POST";
  request.url =
      resolve_endpoint("sso-oidc", login.region, places.env, places.profiles).url + "token";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = Json{{"grantType", "refresh_token"},
                      {"clientId", text_in(cached, "clientId")},
                      {"clientSecret", text_in(cached, "clientSecret")},
                      {"refreshToken", text_in(cached, "refreshToken")}}
                     .dump();
  // Once: a refresh token may be good for one use.
  const Result<HttpResponse> response = ask(places, request, deadline, Millis{10'000}, 1);
  if (!response || response->status != 200) return false;
  const Json json = Json::parse(response->body, nullptr, false);
  const auto seconds = json.is_object() ? json.find("expiresIn") : json.end();
  if (!json.is_object() || text_in(json, "accessToken").empty() || seconds == json.end() ||
      !seconds->is_number_integer()) {
    return false;
  }
  cached["accessToken"] = text_in(json, "accessToken");
  cached["expiresAt"] = text_after(places.clock.now(), seconds->get<std::int64_t>());
  if (const std::string next = text_in(json, "refreshToken"); !next.empty()) {
    cached["refreshToken"] = next;
  }
  // If it cannot be written, this look-up has its token all the same.
  (void)write_file_atomic(path, cached.dump(2));
  return true;
}

Result<std::string> access_token(CredentialPlaces& places, const Login& login,
                                 const std::string& again, Time deadline) {
  const std::string path = expand_home("~/.aws/sso/cache/" + sha1_hex(login.cache_key) + ".json",
                                       variable(places.env, "HOME"));
  const Result<std::string> text = read_file(path, 1U << 20);
  if (!text) return credential_error("nobody is logged in: " + again);
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || text_in(json, "accessToken").empty()) {
    return credential_error(path + " holds no login: " + again);
  }
  constexpr std::chrono::minutes kEarly{15};  // as botocore
  const auto expires = parse_timestamp(text_in(json, "expiresAt"));
  const Time now = places.clock.now();
  const bool fresh = expires && *expires - now > kEarly;
  if (!fresh && !renew(places, login, path, json, deadline) && (!expires || *expires <= now)) {
    return credential_error("the SSO login has expired: " + again);
  }
  return text_in(json, "accessToken");
}

}  // namespace

Result<Credentials> from_sso(CredentialPlaces& places, const std::string& profile,
                             const Section& section, Time deadline) {
  const std::string source = "profile `" + profile + "`";
  const std::string again = "run `aws sso login --profile " + profile + "`";
  const Result<Login> login = login_of(places, source, section);
  if (!login) return login.error();
  const Result<std::string> token = access_token(places, *login, again, deadline);
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
  credentials.key = {text_in(found, "accessKeyId"), text_in(found, "secretAccessKey"),
                     text_in(found, "sessionToken")};
  const auto expiration = found.find("expiration");
  if (credentials.key.access_key.empty() || credentials.key.secret_key.empty() ||
      expiration == found.end() || !expiration->is_number_integer()) {
    return credential_error("SSO answers without credentials for " + source);
  }
  credentials.expires = Time{Millis{expiration->get<std::int64_t>()}};
  return credentials;
}

}  // namespace rayctl::aws
