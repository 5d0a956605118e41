#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "providers/gcp/credential_places.h"
#include "providers/gcp/errors.h"

namespace rayctl::gcp {
namespace {

constexpr Millis kPing{1'000}, kEach{5'000};
constexpr int kPings = 3, kTries = 4;
constexpr char kAccount[] = "instance/service-accounts/default/";

std::string metadata_host(const Environment& env) {
  for (const char* name : {"GCE_METADATA_HOST", "GCE_METADATA_ROOT"}) {
    if (std::string host = variable(env, name); !host.empty()) return host;
  }
  return "";
}

HttpRequest metadata_request(const std::string& url) {
  HttpRequest request;
  request.proxy = false;
  request.url = url;
  request.headers = {{"Metadata-Flavor", "Google"}};
  return request;
}

Result<HttpResponse> get(CredentialPlaces& places, const std::string& path, Time deadline) {
  std::string host = metadata_host(places.env);
  if (host.empty()) host = "metadata.google.internal";
  return ask(places, metadata_request("http://" + host + "/computeMetadata/v1/" + path), deadline,
             kEach, kTries);
}

/// Whether a metadata server of Google's answers; says why not in `looked`. By its address: a
/// look-up of its name takes long where there is none.
bool is_there(CredentialPlaces& places, Time deadline) {
  if (variable(places.env, "NO_GCE_CHECK") == "true") {
    places.looked.emplace_back("NO_GCE_CHECK is set");
    return false;
  }
  std::string host = variable(places.env, "GCE_METADATA_IP");
  if (host.empty()) host = metadata_host(places.env);
  if (host.empty()) host = "169.254.169.254";
  const Result<HttpResponse> response =
      ask(places, metadata_request("http://" + host + "/"), deadline, kPing, kPings);
  if (!response) {
    places.looked.emplace_back("no metadata server answers");
    return false;
  }
  const auto flavor = response->headers.find("metadata-flavor");
  if (response->status == 200 && flavor != response->headers.end() && flavor->second == "Google") {
    return true;
  }
  places.looked.emplace_back("what answers for the metadata server is not Google's");
  return false;
}

}  // namespace

Found from_metadata(CredentialPlaces& places, Time deadline) {
  if (!is_there(places, deadline)) return std::nullopt;
  const Result<HttpResponse> email = get(places, std::string(kAccount) + "email", deadline);
  if (email && email->status == 404) {
    places.looked.emplace_back("this machine has no service account");
    return std::nullopt;
  }
  Token named;
  named.source = "the machine's service account";
  if (email && email->status == 200) {
    named.principal = trim(email->body);
    named.source += " " + named.principal;
  }
  const std::string what = "a token of " + named.source;
  const Result<HttpResponse> response = get(places, std::string(kAccount) + "token", deadline);
  if (!response) {
    return in_context(transient(ErrorCode::kCredentials, what + " cannot be had"),
                      response.error().message);
  }
  if (response->status != 200) {
    return credential_error(what + " cannot be had: the metadata server answers with HTTP status " +
                            std::to_string(response->status));
  }
  Result<Token> token = read_token(places, Json::parse(response->body, nullptr, false), what);
  if (!token) return token;
  token->source = named.source;
  token->principal = named.principal;
  return token;
}

std::string metadata_project(CredentialPlaces& places, Time deadline) {
  if (!is_there(places, deadline)) return "";
  const Result<HttpResponse> response = get(places, "project/project-id", deadline);
  return response && response->status == 200 ? trim(response->body) : "";
}

}  // namespace rayctl::gcp
