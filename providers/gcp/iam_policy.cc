#include "providers/gcp/iam_policy.h"

#include <algorithm>
#include <utility>

#include "net/url_text.h"
#include "providers/gcp/errors.h"

namespace rayctl::gcp {
namespace {

constexpr int kWithConditions = 3;  // the version of a policy that shows them

bool changed_meanwhile(const ApiError& api) {
  return api.status == 409 || meaning_of(api.reason, api.status).kind == ErrorClass::kStaleRead;
}

/// A member that was made a moment ago is refused as one that does not exist.
bool unknown_yet(const ApiError& api) {
  return api.status == 400 && api.message.find("does not exist") != std::string::npos;
}

bool is_the_same(const Json& binding, const WantedBinding& wanted) {
  return text_of(binding, "role") == wanted.role &&
         text_of(object_in(binding, "condition"), "expression") == wanted.condition;
}

bool is_ours(const Json& binding) {
  return text_of(object_in(binding, "condition"), "title").starts_with(kConditionTitle);
}

bool has_member(const Json& binding, const std::string& member) {
  const Json members = list_in(binding, "members");
  return std::find(members.begin(), members.end(), Json(member)) != members.end();
}

/// Takes members out of a binding; false if none was there.
bool take_members(Json& binding, const std::function<bool(const std::string&)>& going) {
  Json staying = Json::array();
  const Json members = list_in(binding, "members");
  for (const Json& member : members) {
    if (!member.is_string() || !going(member.get<std::string>())) staying.push_back(member);
  }
  if (staying.size() == members.size()) return false;
  binding["members"] = std::move(staying);
  return true;
}

/// Bindings without members are refused.
void drop_empty(Json& policy) {
  Json staying = Json::array();
  for (const Json& binding : list_in(policy, "bindings")) {
    if (!list_in(binding, "members").empty()) staying.push_back(binding);
  }
  policy["bindings"] = std::move(staying);
}

Json new_binding(const std::string& member, const WantedBinding& wanted) {
  Json binding{{"role", wanted.role}, {"members", Json::array({member})}};
  if (!wanted.condition.empty()) {
    binding["condition"] = {{"title", wanted.condition_title}, {"expression", wanted.condition}};
  }
  return binding;
}

bool give(Json& policy, const std::string& member, const WantedBinding& wanted) {
  for (Json& binding : policy["bindings"]) {
    if (!is_the_same(binding, wanted)) continue;
    if (has_member(binding, member)) return false;
    binding["members"].push_back(member);
    return true;
  }
  policy["bindings"].push_back(new_binding(member, wanted));
  return true;
}

}  // namespace

PolicyPlace of_project(const ResourceJob& job) {
  return {.service = Service::kResourceManager,
          .methods = "cloudresourcemanager.projects",
          .path = "projects/" + percent_encode(job.place.project)};
}

PolicyPlace of_account(const std::string& email) {
  // The service finds the project by the email.
  return {.service = Service::kIam,
          .methods = "iam.projects.serviceAccounts",
          .path = "projects/-/serviceAccounts/" + percent_encode(email)};
}

Reply<Json> read_policy(const ResourceJob& job, const PolicyPlace& place) {
  Call call{.id = place.methods + ".getIamPolicy",
            .verb = "POST",
            .service = place.service,
            .path = place.path + ":getIamPolicy",
            .query = {},
            .body = {},
            .repeatable = true};
  if (place.service == Service::kIam) {
    call.query["options.requestedPolicyVersion"] = std::to_string(kWithConditions);
  } else {
    call.body = {{"options", {{"requestedPolicyVersion", kWithConditions}}}};
  }
  return job.api.call(call, job.deadline);
}

Reply<std::monostate> change_policy(const ResourceJob& job, const PolicyPlace& place,
                                    const std::function<bool(Json& policy)>& change) {
  for (int retry = 0;; ++retry) {
    Reply<Json> policy = read_policy(job, place);
    if (!policy) return {policy.value.error(), policy.api};
    Json changed = *policy;
    if (!changed.is_object()) changed = Json::object();
    if (!changed.contains("bindings")) changed["bindings"] = Json::array();
    if (!change(changed)) return {};
    changed["version"] = kWithConditions;
    const Reply<Json> written = job.api.call({.id = place.methods + ".setIamPolicy",
                                              .verb = "POST",
                                              .service = place.service,
                                              .path = place.path + ":setIamPolicy",
                                              .query = {},
                                              .body = {{"policy", changed}},
                                              // Its etag is an old one the second time.
                                              .repeatable = true},
                                             job.deadline);
    if (written) return {};
    const bool later = changed_meanwhile(written.api) || unknown_yet(written.api);
    if (!later || !wait_for_consistency(job, retry)) return {written.value.error(), written.api};
  }
}

bool has_bindings(const Json& policy, const std::string& member,
                  const std::vector<WantedBinding>& wanted) {
  Json copy = policy.is_object() ? policy : Json::object();
  if (!copy.contains("bindings")) copy["bindings"] = Json::array();
  return !give_bindings(copy, member, wanted);
}

bool give_bindings(Json& policy, const std::string& member,
                   const std::vector<WantedBinding>& wanted) {
  bool changed = false;
  for (Json& binding : policy["bindings"]) {
    const bool stays = !is_ours(binding) ||
                       std::any_of(wanted.begin(), wanted.end(),
                                   [&](const auto& each) { return is_the_same(binding, each); });
    if (!stays)
      changed = take_members(binding, [&](const auto& each) { return each == member; }) || changed;
  }
  drop_empty(policy);
  for (const WantedBinding& each : wanted)
    changed = give(policy, member, each) || changed;
  return changed;
}

bool take_bindings(Json& policy, const std::string& email) {
  const std::string member = "serviceAccount:" + email;
  const std::string left = "deleted:" + member + "?";
  bool changed = false;
  for (Json& binding : policy["bindings"]) {
    changed = take_members(binding,
                           [&](const std::string& each) {
                             return each == member || each.starts_with(left);
                           }) ||
              changed;
  }
  drop_empty(policy);
  return changed;
}

}  // namespace rayctl::gcp
