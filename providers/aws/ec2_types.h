#pragma once
#include <string>
#include <vector>

#include "model/observed.h"

namespace rayctl::aws {

/// On a machine that is kept stopped for a later launch, or on its way there.
inline constexpr char kTagCached[] = "rayctl-cached";
/// What the console of EC2 shows as a machine's name. Ray keeps its ray-node-name there.
inline constexpr char kTagName[] = "Name";

/// What the provider section of the YAML says of launches.
struct Ec2Settings {
  /// availability_zone, in order of preference; empty: any.
  std::vector<std::string> zones;
  bool use_internal_ips = false;  ///< subnets without public addresses will do
  bool spot_fallback = false;     ///< on-demand where no spot machine is to be had
  bool cache_stopped = false;     ///< cache_stopped_nodes: `release` stops, a launch starts again
  bool operator==(const Ec2Settings&) const = default;
};

/// A machine as EC2 describes it.
struct Ec2Instance {
  CloudNode node;  ///< tags read
  std::string type, zone, subnet, key_name, profile_arn, image;
  std::string state_reason;         ///< why it is in its state, in EC2's words; often ""
  std::string token;                ///< ClientToken of the call that made it
  std::vector<std::string> groups;  ///< ids of its security groups
  bool spot = false;
  bool operator==(const Ec2Instance&) const = default;
};

}  // namespace rayctl::aws
