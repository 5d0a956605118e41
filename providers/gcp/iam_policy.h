#pragma once
#include <functional>
#include <string>
#include <vector>

#include "providers/gcp/policy.h"
#include "providers/gcp/resource_calls.h"

namespace rayctl::gcp {

// Policies say who has which role on a project or on a service account. One is read with its etag,
// changed and written whole; the service refuses it where somebody else was faster, and it is read
// again.

/// What a policy is of.
struct PolicyPlace {
  Service service = Service::kResourceManager;
  std::string methods;  ///< "cloudresourcemanager.projects"
  std::string path;     ///< "projects/p"
};
PolicyPlace of_project(const ResourceJob& job);
PolicyPlace of_account(const std::string& email);

/// The policy with the conditions of its bindings.
Reply<Json> read_policy(const ResourceJob& job, const PolicyPlace& place);
/// Reads it and writes what `change` made of it, until nobody comes between; nothing is written
/// where that gives false. A member that the service does not know yet is waited for.
Reply<std::monostate> change_policy(const ResourceJob& job, const PolicyPlace& place,
                                    const std::function<bool(Json& policy)>& change);

/// Whether the member has every one of these roles, and no other of ours. Pure, as all below.
bool has_bindings(const Json& policy, const std::string& member,
                  const std::vector<WantedBinding>& wanted);
/// Gives the member these roles, and takes away those of ours that are none of them: ours are known
/// by the title of their condition. False if nothing is to be changed.
bool give_bindings(Json& policy, const std::string& member,
                   const std::vector<WantedBinding>& wanted);
/// Takes away all that an account has, what it left behind when it was deleted too.
bool take_bindings(Json& policy, const std::string& email);

}  // namespace rayctl::gcp
