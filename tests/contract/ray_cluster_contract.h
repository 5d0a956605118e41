#pragma once
#include <string>

namespace rayctl::testing {

/// A cluster with one idle head that RayCluster is to be held against.
struct RayClusterUnderTest {
  std::string endpoint, token;
  std::string instance;  ///< the head's RAY_CLOUD_INSTANCE_ID
  std::string ip;
  std::string version;
};

/// What every Ray control service must do through connect_ray, as GoogleTest expectations. Waits
/// up to a minute for the head, and drains it at the end.
void expect_ray_cluster_contract(const RayClusterUnderTest& cluster);

}  // namespace rayctl::testing
