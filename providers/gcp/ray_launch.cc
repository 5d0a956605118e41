#include "providers/gcp/ray_launch.h"

namespace rayctl::gcp {
namespace {

constexpr char kAccountId[] = "ray-autoscaler-sa-v1";
constexpr char kScope[] = "https://www.googleapis.com/auth/cloud-platform";

}  // namespace

std::string rays_account(const std::string& project) {
  return kAccountId + ("@" + project) + ".iam.gserviceaccount.com";
}

Json filled_by_ray(const Json& node_config, const RayFilling& filling) {
  Json filled = node_config.is_object() ? node_config : Json::object();
  if (filling.head && !filled.contains("serviceAccounts")) {
    filled["serviceAccounts"] = {
        {{"email", rays_account(filling.project)}, {"scopes", Json::array({kScope})}}};
  }
  if (filling.networks_given) return filled;
  // Each type gets both; the one that is not for its kind is dropped when it is launched.
  if (!filled.contains("networkInterfaces")) {
    filled["networkInterfaces"] = {
        {{"subnetwork", filling.subnetwork},
         {"accessConfigs", {{{"name", "External NAT"}, {"type", "ONE_TO_ONE_NAT"}}}}}};
  }
  if (!filled.contains("networkConfig"))
    filled["networkConfig"] = {{"subnetwork", filling.subnetwork}};
  return filled;
}

}  // namespace rayctl::gcp
