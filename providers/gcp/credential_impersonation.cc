#include <algorithm>

#include "base/text.h"
#include "net/times.h"
#include "providers/gcp/credential_places.h"

namespace rayctl::gcp {
namespace {

/// The account in ".../serviceAccounts/a@b:generateAccessToken"; "" if the URL is another's.
std::string account_of(const std::string& url) {
  const std::string before = "/serviceAccounts/", after = ":generateAccessToken";
  const std::size_t start = url.rfind(before);
  if (start == std::string::npos || !url.ends_with(after)) return "";
  const std::size_t begin = start + before.size();
  return begin + after.size() >= url.size() ? ""
                                            : url.substr(begin, url.size() - after.size() - begin);
}

}  // namespace

Result<Token> impersonate(CredentialPlaces& places, const Impersonation& wanted,
                          const Token& source, Time deadline) {
  const std::string account = account_of(wanted.url);
  if (account.empty()) {
    return credential_error("no URL of a service account to act as: " + wanted.url);
  }
  Json body = {{"scope", {kScope}},
               {"lifetime", std::to_string(wanted.lifetime_seconds) + "s"},
               {"delegates", Json::array()}};
  for (const std::string& each : wanted.delegates) {
    body["delegates"].push_back(
        each.find('/') == std::string::npos ? "projects/-/serviceAccounts/" + each : each);
  }
  HttpRequest request;
  request.method = "POST";
  request.url = wanted.url;
  request.body = body.dump();
  request.headers = {{"Content-Type", "application/json"},
                     {"Authorization", "Bearer " + source.text}};
  if (!source.quota_project.empty()) {
    request.headers.emplace_back("x-goog-user-project", source.quota_project);
  }
  const std::string what = "a token of " + account + " for " + source.source;
  const Result<Json> answer = ask_for_json(places, request, what, deadline);
  if (!answer) {
    Error error = answer.error();
    if (error.fault == Fault::kPermanent) {
      error.message +=
          "; it takes the role roles/iam.serviceAccountTokenCreator on that account, and "
          "iamcredentials.googleapis.com enabled";
    }
    return error;
  }
  Token token;
  token.text = text_of(*answer, "accessToken");
  token.expires = parse_timestamp(text_of(*answer, "expireTime"));
  if (token.text.empty() || !token.expires) {
    return credential_error(what + " cannot be had: the answer has no accessToken that lasts");
  }
  token.source = account + " by " + source.source;
  token.principal = account;
  token.quota_project = source.quota_project;
  return token;
}

Result<Token> from_impersonated(CredentialPlaces& places, const CredentialFile& file,
                                Time deadline) {
  const auto source = file.json.find("source_credentials");
  if (source == file.json.end() || !source->is_object()) {
    return credential_error(file.place + " has no source_credentials");
  }
  if (text_of(*source, "type") == "impersonated_service_account") {
    return credential_error(file.place + " has source_credentials that act as another themselves");
  }
  const Result<Token> own = token_of_file(places, {*source, file.place}, deadline);
  if (!own) return own;
  Impersonation wanted;
  wanted.url = text_of(file.json, "service_account_impersonation_url");
  const auto delegates = file.json.find("delegates");
  if (delegates != file.json.end() && delegates->is_array()) {
    for (const Json& each : *delegates) {
      if (each.is_string()) wanted.delegates.push_back(each.get<std::string>());
    }
  }
  Result<Token> token = impersonate(places, wanted, *own, deadline);
  const std::string quota = text_of(file.json, "quota_project_id");
  if (token && !quota.empty()) token->quota_project = quota;
  return token;
}

}  // namespace rayctl::gcp
