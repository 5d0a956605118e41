#pragma once
#include <string>

#include "providers/gcp/gce_types.h"
#include "providers/gcp/labels.h"
#include "providers/gcp/launch_parts.h"
#include "providers/gcp/node_config.h"

namespace rayctl::gcp {

/// What a body says beside its node_config.
struct BodyFacts {
  GcePlace place;
  std::string zone;  ///< where this machine is to be: one of the place's
  std::string name;  ///< the machine's
  Labels labels;     ///< over those of the config
  LaunchParts parts;
  bool on_demand = false;  ///< not spot, whatever the config says
  /// What the config's template gives (instance_template.h), null if there is none: lists of a body
  /// replace the template's, so that tags and metadata of both have to be in it.
  Json template_properties{};
};

/// The body of compute.instances.insert. sourceInstanceTemplate is not in it: it is a parameter of
/// the call. Of the config's own values only those change that the API takes in another form: types
/// of machines, accelerators and disks become URLs of the zone, 64-bit numbers text, Ray's list of
/// `scheduling` a map. Added are name, labels, `ssh-keys`, the network tag and, where neither
/// config nor template says them, network interfaces, the head's account and what spot machines and
/// machines with accelerators must say of maintenance. Pure.
Json instance_body(const Json& node_config, bool head, const BodyFacts& facts);

/// A node_config with what a launch adds to it, in the config's own words: what
/// Provider::launch_config gives. Also of a TPU.
Json completed_node_config(const Json& node_config, bool head, const LaunchParts& parts,
                           const Json& template_properties = {});

}  // namespace rayctl::gcp
