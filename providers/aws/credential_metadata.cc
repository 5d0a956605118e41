#include <cstdlib>

#include "base/files.h"
#include "base/text.h"
#include "providers/aws/credential_places.h"

namespace rayctl::aws {
namespace {

constexpr char kRoles[] = "latest/meta-data/iam/security-credentials/";

/// Whether a container's credentials may be asked for in the clear at this host.
bool is_trusted_host(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "[::1]" ||
         host == "169.254.170.2" || host == "169.254.170.23" || host == "[fd00:ec2::23]";
}

std::string host_of(const std::string& url) {
  const std::size_t start = url.find("://");
  if (start == std::string::npos) return "";
  std::string host = url.substr(start + 3, url.find_first_of("/?#", start + 3) - start - 3);
  if (host.find('@') != std::string::npos) return "";
  const std::size_t bracket = host.find(']');
  host.resize(std::min(host.find(':', bracket == std::string::npos ? 0 : bracket), host.size()));
  return host;
}

Result<std::string> container_token(const CredentialPlaces& places) {
  const std::string file = variable(places.env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file.empty()) return variable(places.env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const Result<std::string> token = read_file(file, 1U << 20);
  if (!token) return credential_error(token.error().message);
  return trim(*token);
}

std::string metadata_url(const CredentialPlaces& places) {
  const Section profile = places.profiles.merged(places.profiles.name);
  const auto configured = [&](const char* name, const char* in_profile) {
    const std::string text = variable(places.env, name);
    return text.empty() ? setting(profile, in_profile) : text;
  };
  std::string url =
      configured("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
  const std::string mode =
      configured("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
  if (url.empty()) {
    const bool ipv6 = mode == "IPv6" || mode == "ipv6";
    url = ipv6 ? "http://[fd00:ec2::254]/" : "http://169.254.169.254/";
  }
  return url.ends_with('/') ? url : url + "/";
}

/// A whole number of a variable, or `otherwise`.
int number(const Environment& env, const char* name, int otherwise) {
  const long value = std::strtol(variable(env, name).c_str(), nullptr, 10);
  return value > 0 && value < 1000 ? static_cast<int>(value) : otherwise;
}

}  // namespace

Found from_container(CredentialPlaces& places, Time deadline) {
  const std::string relative = variable(places.env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = variable(places.env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) {
    places.looked.emplace_back("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set");
    return std::nullopt;
  }
  const std::string source = "the container's credential service";
  HttpRequest request;
  request.proxy = false;
  request.url = relative.empty() ? full : "http://169.254.170.2" + relative;
  if (!request.url.starts_with("https://") && !is_trusted_host(host_of(request.url))) {
    return credential_error(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that credentials are not asked of without "
        "https: " +
        host_of(request.url));
  }
  const Result<std::string> token = container_token(places);
  if (!token) return token.error();
  request.headers = {{"Accept", "application/json"}};
  if (!token->empty()) request.headers.emplace_back("Authorization", *token);
  const Result<HttpResponse> response = ask(places, request, deadline, Millis{2'000}, 3);
  if (!response) {
    return in_context(transient(ErrorCode::kCredentials, source + " does not answer"),
                      response.error().message);
  }
  if (response->status != 200) {
    return credential_error(source + " answers with HTTP status " +
                            std::to_string(response->status));
  }
  return parse_credential_document(response->body, source);
}

Found from_instance(CredentialPlaces& places, Time deadline) {
  if (is_true(places.env, "AWS_EC2_METADATA_DISABLED")) {
    places.looked.emplace_back("AWS_EC2_METADATA_DISABLED is set");
    return std::nullopt;
  }
  const std::string source = "the instance's metadata", base = metadata_url(places);
  const Millis each{1'000LL * number(places.env, "AWS_METADATA_SERVICE_TIMEOUT", 1)};
  const int tries = number(places.env, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1);
  HttpRequest request;
  request.proxy = false;
  request.method = "PUT";
  request.url = base + "latest/api/token";
  request.headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  const Result<HttpResponse> token = ask(places, request, deadline, each, tries);
  if (!token || token->status != 200) {
    places.looked.push_back(
        "instance metadata did not answer" +
        (token ? " but for HTTP status " + std::to_string(token->status) : std::string()));
    return std::nullopt;
  }
  request.method = "GET";
  request.headers = {{"x-aws-ec2-metadata-token", trim(token->body)}};
  request.url = base + kRoles;
  const Result<HttpResponse> role = ask(places, request, deadline, each, std::max(tries, 2));
  if (!role || role->status != 200 || trim(role->body).empty()) {
    places.looked.emplace_back("this instance has no role");
    return std::nullopt;
  }
  request.url = base + kRoles + trim(split(trim(role->body), '\n').front());
  const Result<HttpResponse> found = ask(places, request, deadline, each, std::max(tries, 2));
  if (!found) {
    return in_context(transient(ErrorCode::kCredentials, source + " does not answer"),
                      found.error().message);
  }
  if (found->status != 200) {
    return credential_error(source + " answers with HTTP status " + std::to_string(found->status));
  }
  return parse_credential_document(found->body, source);
}

}  // namespace rayctl::aws
