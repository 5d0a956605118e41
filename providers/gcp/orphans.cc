#include "providers/gcp/orphans.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "base/digest.h"
#include "base/parallel.h"
#include "net/url_text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/firewall_calls.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/labels.h"
#include "providers/gcp/operations.h"
#include "providers/gcp/service_account.h"
#include "providers/gcp/tpu_nodes.h"

namespace rayctl::gcp {
namespace {

using Kind = Orphan::Kind;
using Found = Result<std::vector<Orphan>>;

constexpr std::size_t kRandomBytes = 16;

/// What the tags say of something with labels; nullopt if it is none of ours.
std::optional<Orphan> orphan_of(Kind kind, const std::string& id, const std::string& zone,
                                Tags tags) {
  if (tags[kTagClusterId].empty()) return std::nullopt;
  return Orphan{.kind = kind,
                .id = id,
                .name = tags[kTagNode],
                .zone = zone,
                .cluster = {tags[kTagClusterName]},
                .cluster_id = {tags[kTagClusterId]}};
}

std::optional<Orphan> orphan_of(Kind kind, const std::string& id, const Ownership& owner) {
  return Orphan{.kind = kind,
                .id = id,
                .name = "",
                .zone = "",
                .cluster = owner.cluster,
                .cluster_id = owner.cluster_id};
}

void add(std::vector<Orphan>& all, std::optional<Orphan> one) {
  if (one) all.push_back(std::move(*one));
}

Labels labels_in(const Json& item) {
  Labels labels;
  const Json all = object_in(item, "labels");
  for (const auto& [key, value] : all.items()) {
    if (value.is_string()) labels[key] = value.get<std::string>();
  }
  return labels;
}

/// Instances or disks of the region.
Found labelled(const ResourceJob& job, Kind kind) {
  const bool disks = kind == Kind::kDisk;
  const std::string what = disks ? "disks" : "instances";
  std::vector<Orphan> all;
  const auto looked = for_each_in_region(
      job,
      {.id = "compute." + what + ".aggregatedList",
       .path = in_project(job, "aggregated/" + what),
       .query = {{"filter", std::string("labels.") + kTagClusterId + ":*"}},
       .body = {}},
      what.c_str(), [&](const Json& item) {
        if (disks && !list_in(item, "users").empty()) return;
        add(all, orphan_of(kind, text_of(item, "name"), last_part(text_of(item, "zone")),
                           from_labels(labels_in(item))));
      });
  if (!looked) return looked.value.error();
  return all;
}

Found tpus(const ResourceJob& job) {
  std::vector<Orphan> all;
  for (const std::string& zone : job.place.zones) {
    const auto looked =
        for_each_item(job,
                      {.id = "tpu.projects.locations.nodes.list",
                       .service = Service::kTpu,
                       .path = in_project(job, "locations/" + percent_encode(zone) + "/nodes"),
                       .query = {},
                       .body = {}},
                      "nodes", [&](const Json& item) {
                        const TpuNode tpu = parse_tpu_node(item);
                        add(all, orphan_of(Kind::kTpu, tpu.node.id.text, zone, tpu.node.tags));
                      });
    if (!looked) return looked.value.error();
  }
  return all;
}

Found firewall_rules(const ResourceJob& job) {
  const Result<std::vector<FirewallRule>> rules = all_rules(job);
  if (!rules) return rules.error();
  std::vector<Orphan> all;
  for (const FirewallRule& rule : *rules) {
    if (rule.owner && rule.owner->region == job.place.region)
      add(all, orphan_of(Kind::kFirewallRule, rule.name, *rule.owner));
  }
  return all;
}

Found accounts(const ResourceJob& job) {
  const Result<std::vector<OwnedAccount>> owned = owned_accounts(job);
  if (!owned) return owned.error();
  std::vector<Orphan> all;
  for (const OwnedAccount& each : *owned)
    add(all, orphan_of(Kind::kServiceAccount, each.email, each.owner));
  return all;
}

/// A call that removes an instance or a disk; what is not there is fine, what is used is
/// kTransient.
Result<> remove_labelled(const ResourceJob& job, const Orphan& orphan) {
  const std::string what = orphan.kind == Kind::kDisk ? "disks" : "instances";
  const auto removed =
      call_to_end(job, {.id = "compute." + what + ".delete",
                        .verb = "DELETE",
                        .path = in_project(job, "zones/" + percent_encode(orphan.zone) + "/" +
                                                    what + "/" + percent_encode(orphan.id)),
                        .query = {{"requestId", request_id(random_hex(kRandomBytes))}},
                        .body = {},
                        .repeatable = true});
  if (removed || is_missing(removed.api)) return {};
  Error error = removed.value.error();
  if (meaning_of(removed.api.reason, removed.api.status).kind == ErrorClass::kInUse)
    error.fault = Fault::kTransient;
  return error;
}

Result<> remove_now(const ResourceJob& job, const Orphan& orphan) {
  switch (orphan.kind) {
    case Kind::kInstance:
    case Kind::kDisk:
      return remove_labelled(job, orphan);
    case Kind::kTpu:
      return TpuNodes(job.api, job.clock, job.place).terminate({orphan.id}, job.deadline);
    case Kind::kServiceAccount:
      return remove_service_account(job, orphan.id, Json::object());
    case Kind::kFirewallRule:
      return delete_rule(job, orphan.id);
  }
  return {};
}

}  // namespace

const char* kind_text(Kind kind) {
  switch (kind) {
    case Kind::kInstance:
      return "instance";
    case Kind::kTpu:
      return "TPU";
    case Kind::kDisk:
      return "disk";
    case Kind::kServiceAccount:
      return "service account";
    case Kind::kFirewallRule:
      return "firewall rule";
  }
  return "";
}

Result<std::vector<Orphan>> find_orphans(const OrphanSearch& search, Time deadline) {
  const ResourceScope scope;
  const ResourceJob job{search.api, search.clock, search.place, scope, deadline};
  std::vector<std::function<Found()>> looks{
      [&] { return labelled(job, Kind::kInstance); }, [&] { return labelled(job, Kind::kDisk); },
      [&] { return accounts(job); }, [&] { return firewall_rules(job); }};
  if (search.tpus) looks.emplace_back([&] { return tpus(job); });
  std::vector<Found> found(looks.size(), Found(std::vector<Orphan>()));
  for_each_index(looks.size(), looks.size(), [&](std::size_t at) { found[at] = looks[at](); });
  std::vector<Orphan> all;
  for (const Found& part : found) {
    if (!part) return part.error();
    all.insert(all.end(), part->begin(), part->end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Orphan& a, const Orphan& b) { return a.kind < b.kind; });
  return all;
}

std::vector<std::pair<Orphan, Error>> remove_orphans(const OrphanSearch& search,
                                                     std::vector<Orphan> orphans, Time deadline) {
  std::stable_sort(orphans.begin(), orphans.end(),
                   [](const Orphan& a, const Orphan& b) { return a.kind < b.kind; });
  std::vector<std::pair<Orphan, Error>> stayed;
  for (const Orphan& orphan : orphans) {
    const ResourceScope scope{
        .cluster = orphan.cluster, .cluster_id = orphan.cluster_id, .known = {}};
    const ResourceJob job{search.api, search.clock, search.place, scope, deadline};
    Result<> removed = remove_now(job, orphan);
    for (int retry = 0;
         !removed && removed.error().fault == Fault::kTransient && wait_for_consistency(job, retry);
         ++retry)
      removed = remove_now(job, orphan);
    if (!removed) {
      stayed.emplace_back(
          orphan, in_context(removed.error(), std::string("removing the ") +
                                                  kind_text(orphan.kind) + " " + orphan.id));
    }
  }
  return stayed;
}

}  // namespace rayctl::gcp
