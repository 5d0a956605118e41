#pragma once
#include <optional>
#include <string>
#include <vector>

#include "providers/aws/resource_calls.h"

namespace rayctl::aws {

// The head's role and instance profile, where the config brings none and the head manages
// machines. Both have one name. A name that is taken without our tag is used as it is and never
// removed. IAM shows what was made only after a while: that is waited for, by looking.

/// "rayctl-<cluster>-<region>", at most 64 characters of those that IAM takes; a name that had to
/// be changed ends in a digest.
std::string iam_name(const std::string& cluster, const std::string& region);

struct IamSeen {
  std::string name;
  std::string arn;  ///< "" if it is not there
  std::optional<ClusterId> cluster;
  std::string differs;
  std::vector<std::string> roles;  ///< of an instance profile
};

/// Two calls. `want` is the spec's: {"role_name", "region", "trust", "policy"}.
Result<IamSeen> find_role(const ResourceJob& job, const Json& want);
/// Makes or finds the role and brings its documents to what is wanted.
Result<IamSeen> make_role(const ResourceJob& job, const Json& want);
/// Removes it with all its policies if it carries this cluster's id, and stands in no instance
/// profile of others.
Result<> remove_role(const ResourceJob& job, const std::string& name);

/// One call. `want`: {"profile_name", "role_name", "region"}.
Result<IamSeen> find_instance_profile(const ResourceJob& job, const Json& want);
/// Makes or finds the profile, and returns when the role is to be seen in it. EC2 may still not
/// know it for some seconds: the launch retries that.
Result<IamSeen> make_instance_profile(const ResourceJob& job, const Json& want);
/// Removes it if it carries this cluster's id; one that machines of others use stays.
Result<> remove_instance_profile(const ResourceJob& job, const std::string& name);

/// The document in an answer, which escapes it as in a URL; null if it is none.
Json policy_in(const std::string& text);

}  // namespace rayctl::aws
