#pragma once
#include <string>
#include <vector>

#include "model/json.h"

namespace rayctl::aws {

// Documents of least rights: no wildcard in an action, resources and conditions as narrow as the
// config allows. Pure. What EC2 can check of a resource or a condition is in the "Service
// Authorization Reference" of AWS (Actions, resources, and condition keys for Amazon EC2, IAM).

/// What of a config decides about rights.
struct PolicyFacts {
  std::string region;
  std::string cluster;
  bool head_manages = false;  ///< the head starts and ends the workers itself
  std::string key_pair;       ///< pattern of the names of a key pair of ours; "": the config's own
  bool security_group = false;  ///< one of ours
  std::string role;             ///< role and instance profile of ours for the head; "": none
  std::vector<std::string> head_roles;    ///< of the config's profile: names, or whole ARNs
  std::vector<std::string> worker_roles;  ///< likewise
  bool latest_image = false;              ///< images that are looked up in SSM
  bool spot = false;
  bool keeps_stopped = false;  ///< machines are stopped and started again
  bool launch_templates = false;
};

/// "aws", "aws-cn" or "aws-us-gov".
std::string partition_of(const std::string& region);
/// For the machine that rayctl runs on.
Json operator_policy(const PolicyFacts& facts);
/// For the head, whose autoscaler starts and ends workers.
Json head_policy(const PolicyFacts& facts);
/// Who may take a role of ours: EC2.
Json machine_trust_policy(const std::string& region);
/// Whether two documents say the same: one string counts as a list of one, and the order in lists
/// of strings does not count.
bool same_policy(const Json& document, const Json& other);

}  // namespace rayctl::aws
