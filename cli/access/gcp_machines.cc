#include "cli/access/gcp_machines.h"

#include <array>
#include <utility>

#include "base/files.h"
#include "cli/access/cloud_machines.h"
#include "cli/run.h"
#include "providers/gcp/gcp_provider.h"
#include "providers/gcp/key_pair.h"
#include "providers/gcp/spot_notice.h"

namespace rayctl {
namespace {

/// What Google's own tools read.
constexpr std::array kVariables = {
    "APPDATA",
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_TPU",
    "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
    "CLOUDSDK_AUTH_TOKEN_HOST",
    "CLOUDSDK_CONFIG",
    "CLOUDSDK_CORE_PROJECT",
    "GCE_METADATA_HOST",
    "GCE_METADATA_IP",
    "GCE_METADATA_ROOT",
    "GCLOUD_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
    "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
    "NO_GCE_CHECK",
    "SSL_CERT_FILE",
};

}  // namespace

Result<ProviderParts> make_gcp_machines(const ProviderSetting& setting) {
  const std::map<std::string, std::string> env = cloud_environment(setting.io, kVariables);
  Config config = setting.config;
  if (Result<> done = reveal_secrets(config, "gcp_credentials", setting.io); !done) {
    return done.error();
  }
  Result<gcp::GcpParts> parts = gcp::make_gcp(
      {.config = std::move(config),
       .clock = setting.clock,
       .env = env,
       .home = env.at("HOME"),
       .who = user_at_host(),
       .cache = setting.state_root,
       .run = [env](const std::vector<std::string>& argv,
                    Time deadline) { return run_credential_program(argv, env, deadline); },
       .impersonate = setting.impersonate,
       .worker_key = setting.worker_key});
  if (!parts) return parts.error();
  std::unique_ptr<NodeAccess> access = cloud_access(
      setting, *parts->provider, parts->key_file,
      [](const std::string& name) { return gcp::key_pair_file(home_directory(), name); });
  return ProviderParts{std::move(parts->provider), std::move(access), std::move(parts->desk),
                       gcp::spot_notice_script()};
}

}  // namespace rayctl
