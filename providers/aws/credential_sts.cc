#include "base/files.h"
#include "base/text.h"
#include "net/times.h"
#include "providers/aws/credential_places.h"
#include "providers/aws/endpoint.h"
#include "providers/aws/errors.h"
#include "providers/aws/query_protocol.h"

namespace rayctl::aws {
namespace {

constexpr Millis kEach{20'000};
constexpr int kTries = 4;

Endpoint sts_endpoint(const CredentialPlaces& places) {
  std::string region = configured_region(places.env, places.profiles);
  if (region.empty()) region = places.region;
  if (region.empty()) region = "us-east-1";
  return resolve_endpoint("sts", region, places.env, places.profiles);
}

Params params_of(const CredentialPlaces& places, const RoleRequest& role) {
  Params params = {{"RoleArn", role.arn}, {"RoleSessionName", role.session_name}};
  if (role.session_name.empty()) {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(places.clock.now()).time_since_epoch().count();
    params["RoleSessionName"] = "rayctl-" + std::to_string(seconds);
  }
  if (!role.external_id.empty()) params["ExternalId"] = role.external_id;
  if (!role.duration_seconds.empty()) params["DurationSeconds"] = role.duration_seconds;
  return params;
}

/// What STS's answer to `action` says.
Result<Credentials> read_answer(const std::string& action, const RoleRequest& role,
                                const Result<HttpResponse>& response) {
  const std::string doing = "sts:" + action;
  if (!response) return in_context(response.error(), doing + " of " + role.arn);
  if (response->status != 200) {
    Error error = error_of(doing, parse_error(*response), request_id(*response));
    if (error.fault == Fault::kPermanent) error.code = ErrorCode::kCredentials;
    return in_context(error, "taking on the role " + role.arn);
  }
  const Answer answer = parse_answer(response->body);
  const pugi::xml_node found =
      answer == nullptr
          ? pugi::xml_node{}
          : answer->document_element().child((action + "Result").c_str()).child("Credentials");
  Credentials credentials;
  credentials.source = "role " + role.arn;
  credentials.key = {found.child("AccessKeyId").text().get(),
                     found.child("SecretAccessKey").text().get(),
                     found.child("SessionToken").text().get()};
  credentials.expires = parse_timestamp(found.child("Expiration").text().get());
  if (credentials.key.access_key.empty() || credentials.key.secret_key.empty() ||
      !credentials.expires) {
    return unknown_outcome(ErrorCode::kCredentials, doing + " answers without credentials");
  }
  return credentials;
}

}  // namespace

Result<Credentials> assume_role(CredentialPlaces& places, const RoleRequest& role,
                                const Credentials& source, Time deadline) {
  const Endpoint endpoint = sts_endpoint(places);
  HttpRequest request = query_request("sts", endpoint, "AssumeRole", params_of(places, role));
  for (auto& header : sign(request, source.key, {endpoint.region, "sts"}, places.clock.now())) {
    request.headers.push_back(std::move(header));
  }
  return read_answer("AssumeRole", role, ask(places, request, deadline, kEach, kTries));
}

Result<Credentials> assume_role_with_web_identity(CredentialPlaces& places, const RoleRequest& role,
                                                  const std::string& token_file, Time deadline) {
  const Result<std::string> token = read_file(token_file, 1U << 20);
  if (!token) {
    return credential_error("the web identity token of " + role.arn + ": " + token.error().message);
  }
  Params params = params_of(places, role);
  params.erase("ExternalId");
  params["WebIdentityToken"] = trim(*token);
  const HttpRequest request =
      query_request("sts", sts_endpoint(places), "AssumeRoleWithWebIdentity", std::move(params));
  return read_answer("AssumeRoleWithWebIdentity", role,
                     ask(places, request, deadline, kEach, kTries));
}

}  // namespace rayctl::aws
