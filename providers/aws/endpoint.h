#pragma once
#include <string>

#include "providers/aws/profiles.h"

namespace rayctl::aws {

/// Where a service is.
struct Endpoint {
  std::string url;     ///< with a path, at least "/"
  std::string region;  ///< that requests are signed for
  bool operator==(const Endpoint&) const = default;
};

/// The endpoint of "ec2", "iam", "sts", "ssm", "sso" (its portal) or "sso-oidc" in a region: what
/// the environment or the profile says (AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL, endpoint_url;
/// unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS), else AWS's own; AWS_USE_FIPS_ENDPOINT is heeded.
/// Pure.
Endpoint resolve_endpoint(const std::string& service, const std::string& region,
                          const Environment& env, const Profiles& profiles);

/// The region of the surroundings: AWS_REGION, AWS_DEFAULT_REGION, the profile's; "" for none.
std::string configured_region(const Environment& env, const Profiles& profiles);

/// The file of certificates that AWS_CA_BUNDLE or the profile names; "" for none.
std::string configured_certificates(const Environment& env, const Profiles& profiles);

/// Tries of a call, the first included: AWS_MAX_ATTEMPTS, the profile's max_attempts, `otherwise`.
int configured_attempts(const Environment& env, const Profiles& profiles, int otherwise);

}  // namespace rayctl::aws
