#pragma once
#include <set>
#include <string>
#include <vector>

#include "model/json.h"

namespace rayctl::gcp {

/// What of a config decides about rights.
struct PolicyFacts {
  std::string project;
  std::string cluster;
  bool head_manages = false;     ///< the head starts and ends the workers itself
  bool firewall = false;         ///< rules of ours
  bool service_account = false;  ///< one of ours for the head
  std::vector<std::string> head_accounts, worker_accounts;  ///< emails that the config names
  bool external_addresses = true;
  bool subnetworks = false;  ///< machines are put into one that is looked for
  /// Rights to use what node_configs name: "compute.disks.use".
  std::set<std::string> to_use;
  std::vector<std::string> templates;  ///< names of instance templates
  bool keeps_stopped = false;          ///< machines are stopped and started again
  bool tpu = false;                    ///< some node type is a TPU
};

/// The least rights as a document that `gcloud iam roles create NAME --file` takes, pure:
/// {"title", "description", "stage", "includedPermissions"}. A role cannot say on what: that is for
/// the condition of its binding (head_condition).
Json operator_role(const PolicyFacts& facts);
/// For the head, whose autoscaler starts and ends workers.
Json head_role(const PolicyFacts& facts);

/// How the titles of the conditions of ours begin.
inline constexpr char kConditionTitle[] = "rayctl";

/// A binding of a policy of a project or of a service account, without its members.
struct WantedBinding {
  std::string role;                        ///< "roles/compute.viewer"
  std::string condition_title, condition;  ///< CEL; "" for none
  bool operator==(const WantedBinding&) const = default;
};
/// What a service account of ours is given on the project, pure. Roles of one's own would be
/// narrower, but they are made for a project, by rights that an operator seldom has, and hold their
/// name for weeks after they are gone. So it is predefined ones: compute.instanceAdmin.v1 under a
/// condition (it could change any machine without), and beside it those that only look
/// (compute.viewer), use networks (compute.networkUser) and use the project's images
/// (compute.imageUser), since lists and networks have no name that a condition could ask for.
std::vector<WantedBinding> head_bindings(const PolicyFacts& facts);
/// CEL: machines and disks whose names are those of the cluster's machines, and templates by name.
std::string head_condition(const PolicyFacts& facts);

}  // namespace rayctl::gcp
