#pragma once
#include <string>
#include <vector>

#include "model/json.h"

namespace rayctl::gcp {

// What Ray's launcher (2.60, autoscaler/_private/gcp/config.py, bootstrap_gcp) puts into a
// node_config before it takes its digest. Pure.

/// What of it the world decides.
struct RayFilling {
  std::string project;
  bool head = false;
  /// Every type brings networkInterfaces or networkConfig: then no subnetwork is looked for.
  bool networks_given = false;
  std::string subnetwork;  ///< URL of the first one of the region
};
Json filled_by_ray(const Json& node_config, const RayFilling& filling);

/// Ray's account of heads: "ray-autoscaler-sa-v1@<project>.iam.gserviceaccount.com".
std::string rays_account(const std::string& project);

}  // namespace rayctl::gcp
