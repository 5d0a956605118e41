#include "providers/gcp/endpoint.h"

#include <cctype>

namespace rayctl::gcp {
namespace {

/// Whether a URL's last part is a version: "v1", "beta".
bool has_version(const std::string& url) {
  const std::string part = url.substr(0, url.size() - 1).substr(url.rfind('/', url.size() - 2) + 1);
  return part == "alpha" || part == "beta" ||
         (part.size() > 1 && part[0] == 'v' && part.find_first_of(".:") == std::string::npos &&
          std::isdigit(static_cast<unsigned char>(part[1])) != 0);
}

Result<std::string> base(const Environment& env, const std::string& name, const std::string& path) {
  Result<std::string> chosen = gcloud_property(env, "api_endpoint_overrides", name);
  if (!chosen) return chosen;
  if (chosen->empty()) return "https://" + name + ".googleapis.com/" + path;
  std::string url = chosen->ends_with('/') ? *chosen : *chosen + "/";
  return has_version(url) ? url : url + path;
}

}  // namespace

Result<std::string> base_of(Service service, const Environment& env) {
  switch (service) {
    case Service::kCompute:
      return base(env, "compute", "compute/v1/");
    case Service::kIam:
      return base(env, "iam", "v1/");
    case Service::kResourceManager:
      return base(env, "cloudresourcemanager", "v1/");
    case Service::kTpu:
      return base(env, "tpu", "v2/");
  }
  return permanent(ErrorCode::kInternal, "no such service");
}

Result<std::string> base_of_credentials(const Environment& env) {
  return base(env, "iamcredentials", "v1/");
}

}  // namespace rayctl::gcp
