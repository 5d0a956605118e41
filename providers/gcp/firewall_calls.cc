#include "providers/gcp/firewall_calls.h"

#include <utility>

#include "base/digest.h"
#include "net/url_text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/operations.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kRandomBytes = 16;

/// A call that changes a rule. Its requestId is a new one: the same rule may be made, removed and
/// made again within the hour for which one holds.
Call changing(const ResourceJob& job, const char* method, const char* verb,
              const std::string& rule) {
  const std::string end = rule.empty() ? "" : "/" + percent_encode(rule);
  return {.id = std::string("compute.firewalls.") + method,
          .verb = verb,
          .path = in_project(job, "global/firewalls" + end),
          .query = {{"requestId", request_id(random_hex(kRandomBytes))}},
          .body = {},
          .repeatable = true};
}

}  // namespace

Result<std::vector<FirewallRule>> all_rules(const ResourceJob& job) {
  std::vector<FirewallRule> all;
  const auto looked =
      for_each_item(job,
                    {.id = "compute.firewalls.list",
                     .path = in_project(job, "global/firewalls"),
                     .query = {},
                     .body = {}},
                    "items", [&](const Json& item) { all.push_back(parse_rule(item)); });
  if (!looked) return in_context(looked.value.error(), "looking for firewall rules");
  return all;
}

ClusterRules rules_of_cluster(const ResourceJob& job, std::vector<FirewallRule> all) {
  std::vector<Ownership> owners;
  for (const FirewallRule& rule : all) {
    if (rule.owner) owners.push_back(*rule.owner);
  }
  ClusterRules result;
  result.id = id_among(job, owners);
  result.tag = base_name(job.scope.cluster, result.id, kLongestBase);
  for (FirewallRule& rule : all) {
    const bool own = rule.owner && !result.id.empty() && rule.owner->cluster_id == result.id;
    if (!own && !rule.target_tags.empty()) continue;
    (own ? result.own : result.others).push_back(std::move(rule));
  }
  return result;
}

Result<RuleMade> insert_rule(const ResourceJob& job, const FirewallRule& rule) {
  Call call = changing(job, "insert", "POST", "");
  call.body = rule_body(rule);
  const auto made = call_to_end(job, call);
  if (made) return RuleMade::kDone;
  if (meaning_of(made.api.reason, made.api.status).kind == ErrorClass::kAlreadyExists)
    return RuleMade::kNameTaken;
  return in_context(made.value.error(), "making the firewall rule " + rule.name);
}

Result<> patch_rule(const ResourceJob& job, const FirewallRule& rule) {
  Call call = changing(job, "patch", "PATCH", rule.name);
  call.body = rule_body(rule);
  call.body.erase("network");
  // What is left out of a patch stays as it is.
  for (const char* list : {"sourceRanges", "sourceTags"}) {
    if (!call.body.contains(list)) call.body[list] = Json::array();
  }
  const auto done = call_to_end(job, call);
  if (done) return {};
  return in_context(done.value.error(), "changing the firewall rule " + rule.name);
}

Result<> delete_rule(const ResourceJob& job, const std::string& name) {
  const auto gone = call_to_end(job, changing(job, "delete", "DELETE", name));
  if (gone || is_missing(gone.api)) return {};
  return in_context(gone.value.error(), "removing the firewall rule " + name);
}

}  // namespace rayctl::gcp
