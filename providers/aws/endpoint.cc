#include "providers/aws/endpoint.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

#include "base/files.h"

namespace rayctl::aws {
namespace {

/// A part of AWS that knows nothing of the others (botocore's partitions.json).
struct Partition {
  std::string_view prefix;      ///< of its regions
  std::string_view domain;      ///< of its services
  std::string_view iam_prefix;  ///< between "iam" and the domain
  std::string_view iam_region;  ///< that IAM's requests are signed for
  bool own_fips;                ///< its usual endpoints are FIPS's, or it has none
};

constexpr Partition kPartitions[] = {
    {"cn-", "amazonaws.com.cn", ".cn-north-1", "cn-north-1", true},
    {"us-gov-", "amazonaws.com", ".us-gov", "us-gov-west-1", true},
    {"us-isob-", "sc2s.sgov.gov", ".us-isob-east-1", "us-isob-east-1", true},
    {"us-isof-", "csp.hci.ic.gov", ".us-isof-south-1", "us-isof-south-1", true},
    {"us-iso-", "c2s.ic.gov", ".us-iso-east-1", "us-iso-east-1", true},
    {"eu-isoe-", "cloud.adc-e.uk", ".eu-isoe-west-1", "eu-isoe-west-1", true},
    {"eusc-", "amazonaws.eu", ".eusc-de-east-1", "eusc-de-east-1", true},
    {"", "amazonaws.com", "", "us-east-1", false},
};

const Partition& partition_of(const std::string& region) {
  return *std::find_if(std::begin(kPartitions), std::end(kPartitions),
                       [&](const Partition& each) { return region.starts_with(each.prefix); });
}

std::string first_setting(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) return value;
  }
  return "";
}

/// "sso-oidc" is "sso_oidc" in a file and SSO_OIDC in a variable.
std::string with_underscores(std::string text) {
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}
std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// How the service's address begins.
std::string host_name(const std::string& service) {
  if (service == "sso") return "portal.sso";
  return service == "sso-oidc" ? "oidc" : service;
}

std::string configured_url(const std::string& service, const Environment& env,
                           const Profiles& profiles) {
  const Section profile = profiles.merged(profiles.name);
  if (is_true(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ||
      setting(profile, "ignore_configured_endpoint_urls") == "true") {
    return "";
  }
  Section services;
  const auto found = profiles.services.find(setting(profile, "services"));
  if (found != profiles.services.end()) services = found->second;
  return first_setting({variable(env, "AWS_ENDPOINT_URL_" + upper(with_underscores(service))),
                        setting(services, with_underscores(service) + ".endpoint_url"),
                        variable(env, "AWS_ENDPOINT_URL"), setting(profile, "endpoint_url")});
}

}  // namespace

Endpoint resolve_endpoint(const std::string& service, const std::string& region,
                          const Environment& env, const Profiles& profiles) {
  const Partition& partition = partition_of(region);
  const bool is_iam = service == "iam";
  Endpoint endpoint;
  endpoint.region = is_iam ? std::string(partition.iam_region) : region;
  endpoint.url = configured_url(service, env, profiles);
  if (endpoint.url.empty()) {
    const bool fips = is_true(env, "AWS_USE_FIPS_ENDPOINT") ||
                      setting(profiles.merged(profiles.name), "use_fips_endpoint") == "true";
    endpoint.url = "https://" + host_name(service) + (fips && !partition.own_fips ? "-fips" : "") +
                   (is_iam ? std::string(partition.iam_prefix) : "." + region) + "." +
                   std::string(partition.domain);
  }
  const std::size_t scheme = endpoint.url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  if (endpoint.url.find('/', host) == std::string::npos) endpoint.url += "/";
  return endpoint;
}

std::string configured_region(const Environment& env, const Profiles& profiles) {
  return first_setting({variable(env, "AWS_REGION"), variable(env, "AWS_DEFAULT_REGION"),
                        setting(profiles.merged(profiles.name), "region")});
}

std::string configured_certificates(const Environment& env, const Profiles& profiles) {
  const std::string path = first_setting(
      {variable(env, "AWS_CA_BUNDLE"), setting(profiles.merged(profiles.name), "ca_bundle")});
  return expand_home(path, variable(env, "HOME"));
}

int configured_attempts(const Environment& env, const Profiles& profiles, int otherwise) {
  const std::string text = first_setting(
      {variable(env, "AWS_MAX_ATTEMPTS"), setting(profiles.merged(profiles.name), "max_attempts")});
  const long attempts = std::strtol(text.c_str(), nullptr, 10);
  return attempts > 0 && attempts <= 1000 ? static_cast<int>(attempts) : otherwise;
}

}  // namespace rayctl::aws
