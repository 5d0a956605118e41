#include "providers/gcp/instances.h"

#include <utility>

#include "net/url_text.h"
#include "providers/gcp/labels.h"
#include "providers/gcp/pages.h"

namespace rayctl::gcp {
namespace {

Power power_of(const std::string& status) {
  if (status == "PROVISIONING" || status == "STAGING" || status == "REPAIRING") {
    return Power::kPending;
  }
  if (status == "RUNNING") return Power::kRunning;
  if (status == "TERMINATED" || status == "STOPPED" || status == "SUSPENDED") {
    return Power::kStopped;
  }
  return Power::kStopping;
}

/// The first of a list below `key`; null if there is none.
Json first(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || !found->is_array() || found->empty() ? Json() : found->front();
}

std::string metadata_value(const Json& instance, const std::string& key) {
  for (const Json& item :
       instance.value("metadata", Json::object()).value("items", Json::array())) {
    if (text_of(item, "key") == key) return text_of(item, "value");
  }
  return "";
}

Reply<std::vector<GceInstance>> list(Api& api, const GcePlace& place, const std::string& filter,
                                     Time deadline) {
  std::vector<GceInstance> seen;
  const auto looked = for_each_in_zones(
      api,
      {.id = "compute.instances.aggregatedList",
       .path = "projects/" + percent_encode(place.project) + "/aggregated/instances",
       .query = {{"filter", filter}},
       .body = {}},
      "instances", [&](const std::string& zone) { return zone.starts_with(place.region + "-"); },
      [&](const Json& item) { seen.push_back(parse_instance(item)); }, deadline);
  if (!looked) return {looked.value.error(), looked.api};
  return {std::move(seen), {}};
}

}  // namespace

std::string last_part(const std::string& url) {
  const std::size_t slash = url.rfind('/');
  return slash == std::string::npos ? url : url.substr(slash + 1);
}

GceInstance parse_instance(const Json& json) {
  GceInstance seen;
  CloudNode& node = seen.node;
  node.id = {text_of(json, "name")};
  node.power = power_of(text_of(json, "status"));
  const Json interface = first(json, "networkInterfaces");
  if (interface.is_object()) {
    node.internal_ip = text_of(interface, "networkIP");
    const Json access = first(interface, "accessConfigs");
    if (access.is_object()) node.external_ip = text_of(access, "natIP");
    seen.network = text_of(interface, "network");
    seen.subnetwork = text_of(interface, "subnetwork");
  }
  const Json labels = json.value("labels", Json::object());
  for (const auto& [key, value] : labels.items()) {
    if (value.is_string()) seen.labels[key] = value.get<std::string>();
  }
  node.tags = from_labels(seen.labels);
  read_tags(node);
  const bool stops = node.power == Power::kStopping || node.power == Power::kStopped;
  node.cached = stops && node.tags.contains(kTagCached);
  seen.zone = last_part(text_of(json, "zone"));
  seen.label_fingerprint = text_of(json, "labelFingerprint");
  const Json account = first(json, "serviceAccounts");
  if (account.is_object()) seen.service_account = text_of(account, "email");
  for (const Json& tag : json.value("tags", Json::object()).value("items", Json::array())) {
    if (tag.is_string()) seen.network_tags.push_back(tag.get<std::string>());
  }
  seen.ssh_keys = metadata_value(json, "ssh-keys");
  return seen;
}

Reply<std::vector<GceInstance>> instances_of(Api& api, const GcePlace& place,
                                             const ClusterName& cluster, Time deadline) {
  Reply<std::vector<GceInstance>> seen =
      list(api, place, label_filter(kTagClusterName, cluster.text), deadline);
  if (!seen) return seen;
  // A stand-in may compare loosely.
  std::erase_if(*seen.value, [&](const GceInstance& instance) {
    const auto tag = instance.node.tags.find(kTagClusterName);
    return tag == instance.node.tags.end() || tag->second != cluster.text;
  });
  return seen;
}

Reply<std::optional<GceInstance>> instance_named(Api& api, const GcePlace& place,
                                                 const std::string& name, Time deadline) {
  Reply<std::vector<GceInstance>> seen = list(api, place, "(name = \"" + name + "\")", deadline);
  if (!seen) return {seen.value.error(), seen.api};
  for (GceInstance& instance : *seen.value) {
    if (instance.node.id.text == name) return {std::optional(std::move(instance)), {}};
  }
  return {std::optional<GceInstance>(), {}};
}

Reply<std::optional<GceInstance>> instance(Api& api, const GcePlace& place, const std::string& zone,
                                           const std::string& name, Time deadline) {
  const Reply<Json> answer =
      api.call({.id = "compute.instances.get",
                .path = "projects/" + percent_encode(place.project) + "/zones/" +
                        percent_encode(zone) + "/instances/" + percent_encode(name),
                .repeatable = true},
               deadline);
  if (answer) return {std::optional(parse_instance(*answer)), {}};
  if (answer.api.status == 404) return {std::optional<GceInstance>(), {}};
  return {answer.value.error(), answer.api};
}

}  // namespace rayctl::gcp
