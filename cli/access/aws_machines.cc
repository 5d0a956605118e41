#include "cli/access/aws_machines.h"

#include <array>
#include <utility>

#include "base/files.h"
#include "cli/access/cloud_machines.h"
#include "cli/run.h"
#include "providers/aws/aws_provider.h"
#include "providers/aws/spot_notice.h"
#include "providers/key_files.h"

namespace rayctl {
namespace {

/// What AWS's own tools read.
constexpr std::array kVariables = {
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
};

}  // namespace

Result<ProviderParts> make_aws_machines(const ProviderSetting& setting) {
  const std::map<std::string, std::string> env = cloud_environment(setting.io, kVariables);
  Config config = setting.config;
  if (Result<> done = reveal_secrets(config, "aws_credentials", setting.io); !done) {
    return done.error();
  }
  Result<aws::AwsParts> parts = aws::make_aws(
      {.config = std::move(config),
       .clock = setting.clock,
       .env = env,
       .home = env.at("HOME"),
       .who = user_at_host(),
       .cache = setting.state_root,
       .run = [env](const std::vector<std::string>& argv,
                    Time deadline) { return run_credential_program(argv, env, deadline); },
       .worker_key = setting.worker_key});
  if (!parts) return parts.error();
  std::unique_ptr<NodeAccess> access = cloud_access(
      setting, *parts->provider, parts->key_file,
      [](const std::string& name) { return key_file(home_directory(), name).string(); });
  return ProviderParts{std::move(parts->provider), std::move(access), std::move(parts->desk),
                       aws::spot_notice_script()};
}

}  // namespace rayctl
