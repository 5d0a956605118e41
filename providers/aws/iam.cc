#include "providers/aws/iam.h"

#include <charconv>

#include "base/digest.h"
#include "providers/aws/iam_calls.h"
#include "providers/aws/policy.h"

namespace rayctl::aws {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr char kPolicyName[] = "rayctl";

bool ours(const ResourceJob& job, const IamSeen& seen) {
  return !job.scope.cluster_id.empty() && seen.cluster == job.scope.cluster_id;
}

/// The role, without a look at its policy; `trust` is as IAM has it.
Result<IamSeen> look(const ResourceJob& job, const std::string& name, Json& trust) {
  IamSeen seen{.name = name};
  const Reply<Answer> got = call(job, "iam", "GetRole", {{"RoleName", name}});
  if (!got && is_missing(got.api)) return seen;
  if (!got) return in_context(got.value.error(), "looking for the role " + name);
  const pugi::xml_node role = (*got)->document_element().child("GetRoleResult").child("Role");
  seen.arn = text_of(role, "Arn");
  seen.cluster = cluster_in(tags_in(role.child("Tags")));
  trust = policy_in(text_of(role, "AssumeRolePolicyDocument"));
  return seen;
}

struct Differences {
  bool trust = false;
  bool policy = false;
};

Result<Differences> differences(const ResourceJob& job, const Json& want, const Json& trust) {
  Differences result;
  result.trust = !same_policy(trust, want.value("trust", Json()));
  const Reply<Answer> got =
      call(job, "iam", "GetRolePolicy",
           {{"RoleName", want.value("role_name", "")}, {"PolicyName", kPolicyName}});
  if (!got && !is_missing(got.api)) return got.value.error();
  result.policy =
      !got ||
      !same_policy(policy_in(text_of((*got)->document_element().child("GetRolePolicyResult"),
                                     "PolicyDocument")),
                   want.value("policy", Json()));
  return result;
}

/// Gives each name that a List call tells of a role's policies to `remove`.
Result<> remove_policies(const ResourceJob& job, const std::string& role) {
  std::vector<Params> inline_ones, attached;
  auto looked = for_each_item(
      job, "iam", "ListRolePolicies", {{"RoleName", role}}, "ListRolePoliciesResult/PolicyNames",
      [&](const pugi::xml_node& item) {
        inline_ones.push_back({{"RoleName", role}, {"PolicyName", item.text().get()}});
      });
  if (!looked && !is_missing(looked.api)) return looked.value.error();
  looked = for_each_item(
      job, "iam", "ListAttachedRolePolicies", {{"RoleName", role}},
      "ListAttachedRolePoliciesResult/AttachedPolicies", [&](const pugi::xml_node& item) {
        attached.push_back({{"RoleName", role}, {"PolicyArn", text_of(item, "PolicyArn")}});
      });
  if (!looked && !is_missing(looked.api)) return looked.value.error();
  for (const Params& params : inline_ones) {
    if (const Result<> gone = call_if_there(job, "DeleteRolePolicy", params); !gone) return gone;
  }
  for (const Params& params : attached) {
    if (const Result<> gone = call_if_there(job, "DetachRolePolicy", params); !gone) return gone;
  }
  return {};
}

}  // namespace

std::string iam_name(const std::string& cluster, const std::string& region) {
  constexpr std::string_view kAllowed = "+=,.@_-";
  const std::string whole = "rayctl-" + cluster + "-" + region;
  std::string name;
  for (const char c : whole) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain || kAllowed.find(c) != std::string_view::npos ? c : '-';
  }
  if (name == whole && name.size() <= kLongestName) return name;
  return name.substr(0, kLongestName - 9) + "-" + short_digest(whole).substr(0, 8);
}

Json policy_in(const std::string& text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const char* digits = text.data() + at + 1;
    if (text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      plain += static_cast<char>(value);
      at += 2;
    } else {
      plain += text[at];
    }
  }
  Json document = Json::parse(plain, nullptr, false);
  return document.is_discarded() ? Json() : document;
}

Result<IamSeen> find_role(const ResourceJob& job, const Json& want) {
  Json trust;
  Result<IamSeen> seen = look(job, want.value("role_name", ""), trust);
  if (!seen || !ours(job, *seen)) return seen;
  const Result<Differences> found = differences(job, want, trust);
  if (!found) return found.error();
  if (found->policy) seen->differs = "the head's rights are not as wanted";
  if (found->trust) {
    seen->differs += seen->differs.empty() ? "" : "; ";
    seen->differs += "EC2 may not take the role as wanted";
  }
  return seen;
}

Result<IamSeen> make_role(const ResourceJob& job, const Json& want) {
  const std::string name = want.value("role_name", "");
  Json trust;
  Result<IamSeen> seen = look(job, name, trust);
  if (!seen) return seen;
  if (seen->arn.empty()) {
    Params params{{"RoleName", name},
                  {"AssumeRolePolicyDocument", want.value("trust", Json()).dump()},
                  {"Description", "Head of the Ray cluster " + job.scope.cluster.text}};
    add_iam_tags(params, job.scope, want.value("region", ""));
    const Reply<Answer> made = call(job, "iam", "CreateRole", params);
    if (!made && made.api.code != "EntityAlreadyExists")
      return in_context(made.value.error(), "making the role " + name);
    const Result<> shown = look_until(job, "the role " + name, [&]() -> Result<bool> {
      seen = look(job, name, trust);
      if (!seen) return seen.error();
      return !seen->arn.empty();
    });
    if (!shown) return shown.error();
  }
  if (!ours(job, *seen)) return seen;
  const Result<Differences> found = differences(job, want, trust);
  if (!found) return found.error();
  if (found->policy) {
    const Result<> put =
        call_until_known(job, "PutRolePolicy",
                         {{"RoleName", name},
                          {"PolicyName", kPolicyName},
                          {"PolicyDocument", want.value("policy", Json()).dump()}});
    if (!put) return put.error();
  }
  if (found->trust) {
    const Result<> put = call_until_known(
        job, "UpdateAssumeRolePolicy",
        {{"RoleName", name}, {"PolicyDocument", want.value("trust", Json()).dump()}});
    if (!put) return put.error();
  }
  return seen;
}

Result<> remove_role(const ResourceJob& job, const std::string& name) {
  Json trust;
  const Result<IamSeen> seen = look(job, name, trust);
  if (!seen) return seen.error();
  if (!ours(job, *seen)) return {};
  bool others = false;
  const auto looked = for_each_item(
      job, "iam", "ListInstanceProfilesForRole", {{"RoleName", name}},
      "ListInstanceProfilesForRoleResult/InstanceProfiles", [&](const pugi::xml_node& item) {
        others = others || text_of(item, "InstanceProfileName") != name;
      });
  if (!looked && !is_missing(looked.api)) return looked.value.error();
  if (others) return {};
  if (const Result<> bare = remove_policies(job, name); !bare) return bare;
  const Reply<Answer> removed = call(job, "iam", "DeleteRole", {{"RoleName", name}});
  if (removed || is_missing(removed.api)) return {};
  Error error = removed.value.error();
  if (removed.api.code == "DeleteConflict") error.fault = Fault::kTransient;
  return in_context(std::move(error), "removing the role " + name);
}

}  // namespace rayctl::aws
