#pragma once
#include <string>

#include "gcs/ray_cluster.h"

namespace rayctl::testing {

/// A cluster with one idle head that RayCluster is to be held against.
struct RayClusterUnderTest {
  std::string endpoint, token;
  std::string instance;  ///< the head's RAY_CLOUD_INSTANCE_ID; its node type is "head"
  std::string ip;
  std::string version;
};

/// What every Ray control service must do through connect_ray, as GoogleTest expectations. Waits
/// up to a minute for the head, and drains it at the end.
void expect_ray_cluster_contract(const RayClusterUnderTest& cluster);

/// The part of it that a fake world's Ray must do as well: what it says of its head and of an empty
/// load, keys, and reports, of which there was none yet.
void expect_what_gcs_keeps(RayCluster& ray, const CloudId& head);

}  // namespace rayctl::testing
