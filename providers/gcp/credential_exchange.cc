#include "providers/gcp/credential_places.h"

namespace rayctl::gcp {
namespace {

constexpr char kTokens[] = "https://sts.googleapis.com/v1/token";
constexpr char kGrant[] = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr char kAccessToken[] = "urn:ietf:params:oauth:token-type:access_token";

/// The exchange of RFC 8693.
HttpRequest exchange(const Json& json, const std::string& subject) {
  std::string url = text_of(json, "token_url");
  if (url.empty()) url = kTokens;
  std::map<std::string, std::string> fields = {
      {"grant_type", kGrant},     {"audience", text_of(json, "audience")},
      {"scope", kScope},          {"requested_token_type", kAccessToken},
      {"subject_token", subject}, {"subject_token_type", text_of(json, "subject_token_type")}};
  const std::string project = text_of(json, "workforce_pool_user_project");
  const std::string client = text_of(json, "client_id");
  if (!project.empty() && client.empty()) {
    fields["options"] = Json{{"userProject", project}}.dump();
  }
  HttpRequest request = form_request(url, fields);
  if (!client.empty()) {
    request.headers.push_back(basic_authorization(client, text_of(json, "client_secret")));
  }
  return request;
}

int lifetime_of(const Json& json) {
  const auto options = json.find("service_account_impersonation");
  if (options == json.end() || !options->is_object()) return 3600;
  return options->value("token_lifetime_seconds", Json()).is_number_integer()
             ? options->value("token_lifetime_seconds", 3600)
             : 3600;
}

}  // namespace

Result<Token> from_external_account(CredentialPlaces& places, const CredentialFile& file,
                                    Time deadline) {
  for (const char* name : {"audience", "subject_token_type"}) {
    if (text_of(file.json, name).empty()) {
      return credential_error("the external account of " + file.place + " has no " + name);
    }
  }
  const Result<std::string> subject = subject_token(places, file, deadline);
  if (!subject) return in_context(subject.error(), "external account of " + file.place);
  const std::string source = "the external account from " + file.place;
  const std::string what = "a token of " + source;
  const Result<Json> answer = ask_for_json(places, exchange(file.json, *subject), what, deadline);
  if (!answer) return answer.error();
  Result<Token> token = read_token(places, *answer, what);
  if (!token) return token;
  token->source = source;
  token->quota_project = text_of(file.json, "quota_project_id");
  Impersonation wanted;
  wanted.url = text_of(file.json, "service_account_impersonation_url");
  wanted.lifetime_seconds = lifetime_of(file.json);
  return wanted.url.empty() ? token : impersonate(places, wanted, *token, deadline);
}

}  // namespace rayctl::gcp
