#include "providers/gcp/machine_facts.h"

#include <charconv>
#include <utility>

#include "net/url_text.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/node_config.h"
#include "providers/gcp/resource_url.h"

namespace rayctl::gcp {
namespace {

// What a machine's `scheduling` says when nobody asked for anything.
const Json kUsualScheduling = {{"automaticRestart", true},
                               {"onHostMaintenance", "MIGRATE"},
                               {"preemptible", false},
                               {"provisioningModel", "STANDARD"}};

/// "projects/P/..." of a URL, so that it does not depend on the API's host.
std::string from_projects(const std::string& url) {
  const std::size_t at = url.find("projects/");
  return at == std::string::npos ? url : url.substr(at);
}

/// Sizes are texts in answers.
void put_number(Json& map, const char* key, const Json& value) {
  if (value.is_number_integer()) map[key] = value;
  if (!value.is_string()) return;
  const std::string text = value.get<std::string>();
  long number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc())
    map[key] = number;
}

Json disk_config(const Json& attached, const std::map<std::string, Json>& disks) {
  Json config{{"boot", attached.value("boot", false)},
              {"autoDelete", attached.value("autoDelete", false)}};
  config["type"] = attached.value("type", "PERSISTENT");
  const auto found = disks.find(disk_key(text_of(attached, "source")));
  Json params = Json::object();
  if (found != disks.end()) {
    put_number(params, "diskSizeGb", found->second.value("sizeGb", Json()));
    const std::string image = text_of(found->second, "sourceImage");
    if (!image.empty()) params["sourceImage"] = from_projects(image);
    const std::string type = last_part(text_of(found->second, "type"));
    if (!type.empty() && type != "pd-standard") {
      params["diskType"] =
          "zones/" + last_part(text_of(found->second, "zone")) + "/diskTypes/" + type;
    }
  }
  if (!params.empty()) config["initializeParams"] = std::move(params);
  return config;
}

Json scheduling_config(const Json& machine) {
  Json config = Json::object();
  const Json scheduling = object_in(machine, "scheduling");
  for (const auto& [key, value] : scheduling.items()) {
    if (kUsualScheduling.contains(key) && kUsualScheduling[key] != value) config[key] = value;
  }
  return config;
}

Json accelerators_config(const Json& machine) {
  Json config = Json::array();
  for (const Json& each : list_in(machine, "guestAccelerators")) {
    config.push_back({{"acceleratorType", last_part(text_of(each, "acceleratorType"))},
                      {"acceleratorCount", each.value("acceleratorCount", 1)}});
  }
  return config;
}

Json accounts_config(const Json& machine) {
  Json config = Json::array();
  for (const Json& each : list_in(machine, "serviceAccounts")) {
    config.push_back({{"email", text_of(each, "email")}, {"scopes", list_in(each, "scopes")}});
  }
  return config;
}

bool is_usual(const Json& interface) {
  const std::string network = last_part(text_of(interface, "network"));
  return network.empty() || network == "default";
}

/// Empty where all are what a launcher would take.
Json interfaces_config(const Json& machine) {
  Json config = Json::array();
  const Json interfaces = list_in(machine, "networkInterfaces");
  bool usual = interfaces.size() < 2;
  for (const Json& each : interfaces) {
    usual = usual && is_usual(each);
    Json interface = Json::object();
    for (const char* key : {"network", "subnetwork"}) {
      if (says(each, key)) interface[key] = from_projects(text_of(each, key));
    }
    for (const Json& access : list_in(each, "accessConfigs")) {
      interface["accessConfigs"].push_back({{"name", access.value("name", "External NAT")},
                                            {"type", access.value("type", "ONE_TO_ONE_NAT")}});
    }
    config.push_back(std::move(interface));
  }
  return usual ? Json::array() : config;
}

Json tags_config(const Json& machine, const std::string& network_tag) {
  Json items = Json::array();
  for (const Json& tag : list_in(object_in(machine, "tags"), "items")) {
    if (tag != Json(network_tag)) items.push_back(tag);
  }
  return items.empty() ? Json::object() : Json{{"items", items}};
}

Json labels_config(const Json& machine) {
  Json config = Json::object();
  const Json labels = object_in(machine, "labels");
  for (const auto& [key, value] : labels.items()) {
    const bool launchers =
        key.starts_with("ray-") || key.starts_with("rayctl-") || key.starts_with("goog-");
    if (!launchers) config[key] = value;
  }
  return config;
}

}  // namespace

std::string disk_key(const std::string& url) {
  return part_after(url, "zones", "") + "/" + part_after(url, "disks", last_part(url));
}

Result<std::vector<Json>> machines_as_described(const ResourceJob& job, const std::string& filter) {
  std::vector<Json> all;
  const auto looked =
      for_each_in_region(job,
                         {.id = "compute.instances.aggregatedList",
                          .path = in_project(job, "aggregated/instances"),
                          .query = {{"filter", filter}},
                          .body = {}},
                         "instances", [&](const Json& item) { all.push_back(item); });
  if (!looked) return looked.value.error();
  return all;
}

Result<std::map<std::string, Json>> disks_of_region(const ResourceJob& job) {
  std::map<std::string, Json> all;
  const auto looked = for_each_in_region(
      job,
      {.id = "compute.disks.aggregatedList",
       .path = in_project(job, "aggregated/disks"),
       .query = {},
       .body = {}},
      "disks", [&](const Json& item) {
        all[last_part(text_of(item, "zone")) + "/" + text_of(item, "name")] = item;
      });
  if (!looked) return looked.value.error();
  return all;
}

Json node_config_of(const Json& machine, const std::map<std::string, Json>& disks,
                    const std::string& network_tag) {
  Json config{{"machineType", last_part(text_of(machine, "machineType"))}};
  for (const Json& disk : list_in(machine, "disks"))
    config["disks"].push_back(disk_config(disk, disks));
  const auto put = [&](const char* key, Json value) {
    if (!value.empty()) config[key] = std::move(value);
  };
  put("scheduling", scheduling_config(machine));
  put("serviceAccounts", accounts_config(machine));
  put("guestAccelerators", accelerators_config(machine));
  put("networkInterfaces", interfaces_config(machine));
  put("tags", tags_config(machine, network_tag));
  put("labels", labels_config(machine));
  return config;
}

Result<std::string> boot_image(const ResourceJob& job, const Json& machine) {
  for (const Json& attached : list_in(machine, "disks")) {
    const std::string source = text_of(attached, "source");
    if (!attached.value("boot", false) || source.empty()) continue;
    const Reply<Json> disk = job.api.call(
        {.id = "compute.disks.get",
         .path = in_project(job, "zones/" + percent_encode(part_after(source, "zones", "")) +
                                     "/disks/" + percent_encode(last_part(source))),
         .query = {},
         .body = {},
         .repeatable = true},
        job.deadline);
    if (!disk && !is_missing(disk.api)) return disk.value.error();
    return disk ? from_projects(text_of(*disk, "sourceImage")) : std::string();
  }
  return std::string();
}

}  // namespace rayctl::gcp
