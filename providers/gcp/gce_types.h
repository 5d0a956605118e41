#pragma once
#include <string>
#include <vector>

#include "model/observed.h"

namespace rayctl::gcp {

/// Where a cluster's machines are.
struct GcePlace {
  std::string project;  ///< project_id
  std::string region;   ///< "us-west1"
  /// availability_zone, in order of preference: one, or several with commas. Never empty.
  std::vector<std::string> zones;
  bool operator==(const GcePlace&) const = default;
};

/// What else the provider section of the YAML says of launches.
struct GceSettings {
  bool spot_fallback = false;  ///< on demand where no spot machine is to be had
  bool cache_stopped = false;  ///< cache_stopped_nodes: `release` stops, a launch starts again
  bool operator==(const GceSettings&) const = default;
};

/// On a machine that is kept stopped for a later launch, or on its way there.
inline constexpr char kTagCached[] = "rayctl-cached";

/// A machine as Compute Engine describes it. Its CloudId is its name.
struct GceInstance {
  CloudNode node;  ///< tags read
  std::string zone;
  std::map<std::string, std::string> labels;  ///< as they are, all of them
  std::string label_fingerprint;              ///< to change them with
  std::string network, subnetwork;            ///< of its first interface, as URLs
  std::string service_account;                ///< the first one's email
  std::vector<std::string> network_tags;
  std::string ssh_keys;  ///< value of its metadata `ssh-keys`
  bool operator==(const GceInstance&) const = default;
};

}  // namespace rayctl::gcp
