#include <algorithm>
#include <utility>

#include "providers/aws/iam.h"
#include "providers/aws/iam_calls.h"

namespace rayctl::aws {
namespace {

bool ours(const ResourceJob& job, const IamSeen& seen) {
  return !job.scope.cluster_id.empty() && seen.cluster == job.scope.cluster_id;
}

bool holds(const IamSeen& seen, const std::string& role) {
  return seen.roles.size() == 1 && seen.roles.front() == role;
}

Result<IamSeen> look(const ResourceJob& job, const std::string& name) {
  IamSeen seen{.name = name};
  const Reply<Answer> got = call(job, "iam", "GetInstanceProfile", {{"InstanceProfileName", name}});
  if (!got && is_missing(got.api)) return seen;
  if (!got) return in_context(got.value.error(), "looking for the instance profile " + name);
  const pugi::xml_node profile =
      (*got)->document_element().child("GetInstanceProfileResult").child("InstanceProfile");
  seen.arn = text_of(profile, "Arn");
  for (const pugi::xml_node& role : profile.child("Roles").children())
    seen.roles.push_back(text_of(role, "RoleName"));
  seen.cluster = cluster_in(tags_in(profile.child("Tags")));
  return seen;
}

/// Puts the role, and it alone, into the profile, and waits until that is to be seen.
Result<> put_role(const ResourceJob& job, IamSeen& seen, const std::string& role) {
  for (const std::string& other : seen.roles) {
    const Result<> gone = call_if_there(job, "RemoveRoleFromInstanceProfile",
                                        {{"InstanceProfileName", seen.name}, {"RoleName", other}});
    if (!gone) return gone;
  }
  const Params params{{"InstanceProfileName", seen.name}, {"RoleName", role}};
  for (int retry = 0;; ++retry) {
    const Reply<Answer> added = call(job, "iam", "AddRoleToInstanceProfile", params);
    // LimitExceeded: a role is in it already, ours from a call whose answer was lost.
    if (added || added.api.code == "LimitExceeded" || added.api.code == "EntityAlreadyExists")
      break;
    if (!is_missing(added.api) || !wait_for_consistency(job, retry))
      return in_context(added.value.error(), "putting the role into " + seen.name);
  }
  return look_until(job, "the role in the instance profile " + seen.name, [&]() -> Result<bool> {
    Result<IamSeen> now = look(job, seen.name);
    if (!now) return now.error();
    seen = std::move(*now);
    return holds(seen, role);
  });
}

}  // namespace

Result<IamSeen> find_instance_profile(const ResourceJob& job, const Json& want) {
  Result<IamSeen> seen = look(job, want.value("profile_name", ""));
  if (!seen || !ours(job, *seen)) return seen;
  const std::string role = want.value("role_name", "");
  if (!holds(*seen, role)) seen->differs = "the role " + role + " is not in it";
  return seen;
}

Result<IamSeen> make_instance_profile(const ResourceJob& job, const Json& want) {
  const std::string name = want.value("profile_name", "");
  const std::string role = want.value("role_name", "");
  Result<IamSeen> seen = look(job, name);
  if (!seen) return seen;
  if (seen->arn.empty()) {
    Params params{{"InstanceProfileName", name}};
    add_iam_tags(params, job.scope, want.value("region", ""));
    const Reply<Answer> made = call(job, "iam", "CreateInstanceProfile", params);
    if (!made && made.api.code != "EntityAlreadyExists")
      return in_context(made.value.error(), "making the instance profile " + name);
    const Result<> shown = look_until(job, "the instance profile " + name, [&]() -> Result<bool> {
      seen = look(job, name);
      if (!seen) return seen.error();
      return !seen->arn.empty();
    });
    if (!shown) return shown.error();
  }
  if (!ours(job, *seen) || holds(*seen, role)) return seen;
  if (const Result<> put = put_role(job, *seen, role); !put) return put.error();
  return seen;
}

Result<> remove_instance_profile(const ResourceJob& job, const std::string& name) {
  const Result<IamSeen> seen = look(job, name);
  if (!seen) return seen.error();
  if (!ours(job, *seen)) return {};
  const Result<bool> others = used_by_others(job, "iam-instance-profile.arn", seen->arn);
  if (!others) return others.error();
  if (*others) return {};
  for (const std::string& role : seen->roles) {
    const Result<> gone = call_if_there(job, "RemoveRoleFromInstanceProfile",
                                        {{"InstanceProfileName", name}, {"RoleName", role}});
    if (!gone) return gone;
  }
  const Reply<Answer> removed =
      call(job, "iam", "DeleteInstanceProfile", {{"InstanceProfileName", name}});
  if (removed || is_missing(removed.api)) return {};
  Error error = removed.value.error();
  if (removed.api.code == "DeleteConflict") error.fault = Fault::kTransient;
  return in_context(std::move(error), "removing the instance profile " + name);
}

}  // namespace rayctl::aws
