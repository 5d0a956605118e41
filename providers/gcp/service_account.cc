#include "providers/gcp/service_account.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/url_text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/iam_policy.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kLongestAccountId = 30;
constexpr std::size_t kLongestDescription = 256;
constexpr std::size_t kLongestDisplayName = 100;
constexpr char kDefaultAccount[] = "default";
constexpr char kPageSize[] = "100";  // the most that a list gives
const std::vector<WantedBinding> kMayUse = {
    {.role = "roles/iam.serviceAccountUser", .condition_title = "", .condition = ""}};

std::string path_of(const ResourceJob& job, const std::string& email) {
  return in_project(job, "serviceAccounts" + (email.empty() ? "" : "/" + percent_encode(email)));
}

std::vector<WantedBinding> bindings_in(const Json& want) {
  std::vector<WantedBinding> all;
  for (const Json& each : list_in(want, "bindings")) {
    all.push_back({.role = text_of(each, "role"),
                   .condition_title = text_of(each, "title"),
                   .condition = text_of(each, "condition")});
  }
  return all;
}

AccountSeen account_in(const Json& answer) {
  AccountSeen seen{.account_id = "", .email = text_of(answer, "email"), .cluster = {}};
  seen.account_id = split(seen.email, '@').front();
  if (const auto owner = ownership_in(text_of(answer, "description")))
    seen.cluster = owner->cluster_id;
  return seen;
}

bool ours(const ResourceJob& job, const AccountSeen& seen) {
  return !job.scope.cluster_id.empty() && seen.cluster == job.scope.cluster_id;
}

/// The project's account that machines carry where a config says "default".
Result<std::string> default_account(const ResourceJob& job) {
  const Reply<Json> project = job.api.call({.id = "compute.projects.get",
                                            .path = "projects/" + percent_encode(job.place.project),
                                            .query = {},
                                            .body = {},
                                            .repeatable = true},
                                           job.deadline);
  if (!project) return project.value.error();
  return text_of(*project, "defaultServiceAccount");
}

/// The emails of the accounts that workers carry.
Result<std::vector<std::string>> worker_accounts(const ResourceJob& job, const Json& want) {
  std::vector<std::string> emails;
  for (const Json& each : list_in(want, "accounts")) {
    std::string email = each.is_string() ? each.get<std::string>() : "";
    if (email == kDefaultAccount) {
      Result<std::string> found = default_account(job);
      if (!found) return found.error();
      email = *found;
    }
    if (!email.empty()) emails.push_back(std::move(email));
  }
  return emails;
}

/// Calls `each` with the project's policy and those of the workers' accounts, and the roles that
/// are wanted there.
Result<> for_each_policy(const ResourceJob& job, const Json& want,
                         const std::function<Reply<std::monostate>(
                             const PolicyPlace&, const std::vector<WantedBinding>&)>& each) {
  const Result<std::vector<std::string>> accounts = worker_accounts(job, want);
  if (!accounts) return accounts.error();
  for (const std::string& email : *accounts) {
    const auto done = each(of_account(email), kMayUse);
    if (!done) return in_context(done.value.error(), "the policy of " + email);
  }
  const auto done = each(of_project(job), bindings_in(want));
  if (!done) return in_context(done.value.error(), "the policy of the project");
  return {};
}

Result<bool> has_roles(const ResourceJob& job, const std::string& email, const Json& want) {
  bool all = true;
  const Result<> looked =
      for_each_policy(job, want,
                      [&](const PolicyPlace& place,
                          const std::vector<WantedBinding>& roles) -> Reply<std::monostate> {
                        const Reply<Json> policy = read_policy(job, place);
                        if (!policy) return {policy.value.error(), policy.api};
                        all = all && has_bindings(*policy, "serviceAccount:" + email, roles);
                        return {};
                      });
  if (!looked) return looked.error();
  return all;
}

Result<> give_roles(const ResourceJob& job, const std::string& email, const Json& want) {
  return for_each_policy(job, want,
                         [&](const PolicyPlace& place, const std::vector<WantedBinding>& roles) {
                           return change_policy(job, place, [&](Json& policy) {
                             return give_bindings(policy, "serviceAccount:" + email, roles);
                           });
                         });
}

Result<> take_roles(const ResourceJob& job, const std::string& email, const Json& want) {
  return for_each_policy(
      job, want,
      [&](const PolicyPlace& place, const std::vector<WantedBinding>&) -> Reply<std::monostate> {
        auto taken =
            change_policy(job, place, [&](Json& policy) { return take_bindings(policy, email); });
        // An account of the workers' may be gone with what it said.
        if (!taken && is_missing(taken.api)) return {};
        return taken;
      });
}

/// The account of this cluster; where no id is known, the one that says it is.
Result<AccountSeen> look(const ResourceJob& job) {
  ClusterId id = job.scope.cluster_id;
  if (id.empty()) {
    const Result<std::vector<OwnedAccount>> all = owned_accounts(job);
    if (!all) return all.error();
    std::vector<Ownership> owners;
    for (const OwnedAccount& each : *all)
      owners.push_back(each.owner);
    id = id_among(job, owners);
  }
  AccountSeen none{.account_id = base_name(job.scope.cluster, id, kLongestAccountId),
                   .email = "",
                   .cluster = {}};
  if (id.empty()) return none;
  Result<AccountSeen> seen =
      look_at_account(job, account_email(none.account_id, job.place.project));
  if (!seen || !seen->email.empty()) return seen;
  return none;
}

/// Makes the account, and returns when it is to be seen.
Result<AccountSeen> create(const ResourceJob& job, const std::string& account_id) {
  const std::string about = "Head of the Ray cluster " + job.scope.cluster.text;
  const Json account{{"displayName", about.substr(0, kLongestDisplayName)},
                     {"description", description_of(ownership(job, "head"), kLongestDescription)}};
  const Reply<Json> made =
      job.api.call({.id = "iam.projects.serviceAccounts.create",
                    .verb = "POST",
                    .service = Service::kIam,
                    .path = path_of(job, ""),
                    .query = {},
                    .body = {{"accountId", account_id}, {"serviceAccount", account}},
                    // The second time it is there.
                    .repeatable = true},
                   job.deadline);
  const bool was_there =
      !made && meaning_of(made.api.reason, made.api.status).kind == ErrorClass::kAlreadyExists;
  if (!made && !was_there)
    return in_context(made.value.error(), "making the service account " + account_id);
  for (int retry = 0;; ++retry) {
    Result<AccountSeen> seen = look(job);
    if (!seen || !seen->email.empty()) return seen;
    if (!wait_for_consistency(job, retry)) {
      return transient(
          ErrorCode::kProviderUnavailable,
          "the service account " + account_id + " was made and is not shown by IAM yet");
    }
  }
}

}  // namespace

std::string account_email(const std::string& account_id, const std::string& project) {
  const std::vector<std::string> parts = split(project, ':');
  // A project of a domain is "example.com:name".
  const std::string host = parts.size() == 2 ? parts[1] + "." + parts[0] : project;
  return account_id + "@" + host + ".iam.gserviceaccount.com";
}

Result<AccountSeen> look_at_account(const ResourceJob& job, const std::string& email) {
  const Reply<Json> got = job.api.call({.id = "iam.projects.serviceAccounts.get",
                                        .service = Service::kIam,
                                        .path = path_of(job, email),
                                        .query = {},
                                        .body = {},
                                        .repeatable = true},
                                       job.deadline);
  if (got) return account_in(*got);
  if (is_missing(got.api)) return AccountSeen{};
  return in_context(got.value.error(), "looking for the service account " + email);
}

Result<AccountSeen> find_service_account(const ResourceJob& job, const Json& want) {
  Result<AccountSeen> seen = look(job);
  if (!seen || !ours(job, *seen)) return seen;
  const Result<bool> has = has_roles(job, seen->email, want);
  if (!has) return has.error();
  if (!*has) seen->differs = "the head's rights are not as wanted";
  return seen;
}

Result<AccountSeen> make_service_account(const ResourceJob& job, const Json& want) {
  Result<AccountSeen> seen = look(job);
  if (!seen) return seen;
  if (seen->email.empty()) seen = create(job, seen->account_id);
  if (!seen || !ours(job, *seen)) return seen;
  if (const Result<> given = give_roles(job, seen->email, want); !given) return given.error();
  return seen;
}

Result<> remove_service_account(const ResourceJob& job, const std::string& email,
                                const Json& want) {
  if (job.scope.cluster_id.empty()) return {};
  const std::string own = account_email(
      base_name(job.scope.cluster, job.scope.cluster_id, kLongestAccountId), job.place.project);
  const std::string& which = email.empty() ? own : email;
  const Result<AccountSeen> seen = look_at_account(job, which);
  if (!seen) return seen.error();
  if (seen->email.empty()) return which == own ? take_roles(job, own, want) : Result<>();
  if (!ours(job, *seen)) return {};
  const Result<bool> used = used_by_others(
      job, [&](const GceInstance& instance) { return instance.service_account == seen->email; });
  if (!used) return used.error();
  if (*used) return {};
  // A role of an account that is gone would stay in the policy for good.
  if (const Result<> taken = take_roles(job, seen->email, want); !taken) return taken;
  const Reply<Json> removed = job.api.call({.id = "iam.projects.serviceAccounts.delete",
                                            .verb = "DELETE",
                                            .service = Service::kIam,
                                            .path = path_of(job, seen->email),
                                            .query = {},
                                            .body = {},
                                            .repeatable = true},
                                           job.deadline);
  if (removed || is_missing(removed.api)) return {};
  return in_context(removed.value.error(), "removing the service account " + seen->email);
}

Result<std::vector<OwnedAccount>> owned_accounts(const ResourceJob& job) {
  std::vector<OwnedAccount> all;
  const auto looked =
      for_each_item(job,
                    {.id = "iam.projects.serviceAccounts.list",
                     .service = Service::kIam,
                     .path = path_of(job, ""),
                     .query = {{"pageSize", kPageSize}},
                     .body = {}},
                    "accounts", [&](const Json& item) {
                      const auto owner = ownership_in(text_of(item, "description"));
                      if (owner && owner->region == job.place.region)
                        all.push_back({.email = text_of(item, "email"), .owner = *owner});
                    });
  if (!looked) return in_context(looked.value.error(), "looking for service accounts");
  return all;
}

}  // namespace rayctl::gcp
