#include "providers/gcp/instance_body.h"

#include <array>
#include <string_view>
#include <utility>

#include "providers/gcp/instance_scheduling.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/launch_additions.h"
#include "providers/gcp/tpu_body.h"

namespace rayctl::gcp {
namespace {

// Fields that JSON of the API holds as text, wherever they are in an instance: they have 64 bits.
// Source: compute.v1's discovery document, rev. 20261106.
constexpr std::array<std::string_view, 4> kSixtyFourBits = {"diskSizeGb", "provisionedIops",
                                                            "provisionedThroughput", "seconds"};

bool is_sixty_four_bits(const std::string& key) {
  for (const std::string_view name : kSixtyFourBits) {
    if (key == name) return true;
  }
  return false;
}

/// A number or a truth as text; a text stays.
std::string as_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return std::to_string(value.get<long long>());
  return value.dump();
}

void write_long_numbers(Json& value) {
  if (value.is_array()) {
    for (Json& each : value)
      write_long_numbers(each);
  }
  if (!value.is_object()) return;
  for (auto& [key, inner] : value.items()) {
    if (inner.is_number() && is_sixty_four_bits(key)) {
      inner = as_text(inner);
    } else {
      write_long_numbers(inner);
    }
  }
}

/// What a type of this zone is called; one of a region stays.
void write_type(Json& map, const char* key, const std::string& before) {
  if (!says(map, key) || !map[key].is_string()) return;
  const std::string said = map[key].get<std::string>();
  if (said.find("regions/") == std::string::npos) map[key] = before + last_part(said);
}

void write_types(Json& body, const BodyFacts& facts) {
  const std::string zone = "zones/" + facts.zone;
  write_type(body, "machineType", zone + "/machineTypes/");
  if (says(body, "guestAccelerators")) {
    for (Json& each : body["guestAccelerators"]) {
      write_type(each, "acceleratorType",
                 "projects/" + facts.place.project + "/" + zone + "/acceleratorTypes/");
    }
  }
  if (!says(body, "disks")) return;
  for (Json& disk : body["disks"]) {
    if (says(disk, "initializeParams"))
      write_type(disk["initializeParams"], "diskType", zone + "/diskTypes/");
  }
}

void write_labels(Json& of, const Labels& ours) {
  Json labels = Json::object();
  if (says(of, "labels")) {
    for (const auto& [key, value] : of["labels"].items())
      labels[key] = as_text(value);
  }
  for (const auto& [key, value] : ours)
    labels[key] = value;
  if (!labels.empty()) of["labels"] = std::move(labels);
}

/// A disk may outlive its machine: it says itself whose it is, and nothing that changes.
void write_disk_labels(Json& body, const Labels& ours) {
  if (!says(body, "disks")) return;
  Labels whose;
  for (const auto& [key, value] : ours) {
    if (key.starts_with(kTagClusterName) || key.starts_with(kTagClusterId)) whose[key] = value;
  }
  for (Json& disk : body["disks"]) {
    const bool lasts = disk.value("type", "") != "SCRATCH";
    if (lasts && says(disk, "initializeParams")) write_labels(disk["initializeParams"], whose);
  }
}

void write_metadata(Json& body) {
  if (!says(body, "metadata")) return;
  for (Json& item : body["metadata"]["items"]) {
    if (says(item, "value")) item["value"] = as_text(item["value"]);
  }
}

Json completed_machine(const Json& config, bool head, const LaunchParts& parts, const Json& from) {
  Json result = config;
  add_ssh_keys(result, from, parts.ssh_keys);
  add_network_tag(result, from, parts.network_tag);
  add_interface(result, from, parts);
  if (head) add_account(result, from, parts.service_account);
  return result;
}

}  // namespace

Json completed_node_config(const Json& node_config, bool head, const LaunchParts& parts,
                           const Json& template_properties) {
  const Json config = node_config.is_object() ? node_config : Json::object();
  return is_tpu(config) ? completed_tpu(config, head, parts)
                        : completed_machine(config, head, parts, template_properties);
}

Json instance_body(const Json& node_config, bool head, const BodyFacts& facts) {
  const Json& from = facts.template_properties;
  Json body = completed_machine(node_config, head, facts.parts, from);
  // Ray takes the one out for the call, and the other is what it adds for TPUs.
  body.erase("sourceInstanceTemplate");
  body.erase("networkConfig");
  Json scheduling = instance_scheduling(node_config, from, facts.on_demand);
  body.erase("scheduling");
  if (!scheduling.empty()) body["scheduling"] = std::move(scheduling);
  body["name"] = facts.name;
  write_types(body, facts);
  write_labels(body, facts.labels);
  write_disk_labels(body, facts.labels);
  write_metadata(body);
  write_long_numbers(body);
  return body;
}

}  // namespace rayctl::gcp
