#pragma once
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/resource_calls.h"

namespace rayctl::gcp {

// The head's service account, where the config brings none and the head manages machines. Whose it
// is stands in its description. It gets roles on the project whose conditions name this cluster's
// machines, and may use the accounts that workers carry. IAM shows what was made only after a
// while: that is waited for, by looking.

struct AccountSeen {
  std::string account_id;  ///< "ray-demo-0a1b2c3d"; what it will be where there is none
  std::string email;       ///< "" if it is not there
  std::optional<ClusterId> cluster;
  std::string differs;
};

/// "<account id>@<project>.iam.gserviceaccount.com".
std::string account_email(const std::string& account_id, const std::string& project);

/// Two calls, and one for each account that workers carry. `want` is the spec's: {"bindings":
/// [{"role", "title", "condition"}], "accounts": [email, or "default"]}.
Result<AccountSeen> find_service_account(const ResourceJob& job, const Json& want);
/// Makes or finds the account and brings its roles to what is wanted. Repeating it makes nothing
/// twice.
Result<AccountSeen> make_service_account(const ResourceJob& job, const Json& want);
/// An account as it is, whoever made it, without a look at its roles; its email is "" if it is not
/// there.
Result<AccountSeen> look_at_account(const ResourceJob& job, const std::string& email);
/// Takes the roles from the account, then removes it, if it carries this cluster's id. One that
/// machines of others use stays.
Result<> remove_service_account(const ResourceJob& job, const std::string& email, const Json& want);

/// The accounts of the project that rayctl made for clusters of this region, with their emails.
struct OwnedAccount {
  std::string email;
  Ownership owner;
};
Result<std::vector<OwnedAccount>> owned_accounts(const ResourceJob& job);

}  // namespace rayctl::gcp
