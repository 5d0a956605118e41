#include "providers/gcp/node_config.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "providers/gcp/instances.h"
#include "providers/gcp/pages.h"
#include "providers/gcp/tpu_body.h"

namespace rayctl::gcp {
namespace {

Error invalid(std::string message) {
  return permanent(ErrorCode::kConfigInvalid, std::move(message));
}

bool is_true(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found != map.end() && *found == Json(true);
}

bool is_map_list(const Json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const Json& each) { return each.is_object(); });
}

/// Keys of a machine that hold a list of maps, and how one is written.
struct ListKey {
  const char* key;
  std::string_view example;
};
constexpr std::array kLists = {
    ListKey{"disks", "- boot: true"},
    ListKey{"networkInterfaces", "- subnetwork: regions/us-west1/subnetworks/default"},
    ListKey{"guestAccelerators", "- acceleratorType: nvidia-tesla-t4"},
    ListKey{"serviceAccounts", "- email: name@project.iam.gserviceaccount.com"},
};

/// Keys that hold a map, of machines and TPUs.
constexpr std::array kMaps = {"labels", "metadata", "scheduling", "networkConfig"};

Result<> check_forms(const Json& config, bool tpu) {
  for (const ListKey& list : kLists) {
    if (says(config, list.key) && !is_map_list(config[list.key])) {
      return invalid(std::string("node_config.") + list.key + " is to be a list of maps: write \"" +
                     std::string(list.example) + "\"");
    }
  }
  for (const char* key : kMaps) {
    const bool list_too = std::string_view(key) == "scheduling";
    if (!says(config, key) || config[key].is_object()) continue;
    if (list_too && is_map_list(config[key])) continue;
    return invalid(std::string("node_config.") + key + " is to be a map");
  }
  const bool tags = !tpu && says(config, "tags");
  if (tags && (!config["tags"].is_object() || !config["tags"].value("items", Json()).is_array())) {
    return invalid(R"(node_config.tags is to be a map with a list: write "tags: {items: [name]}")");
  }
  const bool items = says(config, "metadata") && config["metadata"].contains("items");
  if (tpu && items) {
    return invalid(
        "node_config.metadata of a TPU is a map of names and texts, without the list `items` that "
        "machines have");
  }
  if (!tpu && says(config, "metadata") && (!items || !is_map_list(config["metadata"]["items"]))) {
    return invalid(
        R"(node_config.metadata is to hold a list: write "metadata: {items: [{key: k, value: v}]}")");
  }
  return {};
}

/// The first of these keys that the config says, "" if none.
std::string first_said(const Json& config, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (says(config, key)) return key;
  }
  return "";
}

Result<> check_tpu(const Json& config) {
  const std::string alien = first_said(config, {"disks", "guestAccelerators", "scheduling",
                                                "sourceInstanceTemplate", "minCpuPlatform"});
  if (!alien.empty()) {
    return invalid("node_config." + alien +
                   " is for machines, and this is a TPU, as it has an accelerator type and no "
                   "machineType: take it out, or say a machineType");
  }
  if (says(config, "acceleratorType") && says(config, "acceleratorConfig")) {
    return invalid("node_config says acceleratorType and acceleratorConfig: a TPU has one of them");
  }
  if (text_of(config, "runtimeVersion").empty()) {
    return invalid(
        "node_config has no runtimeVersion: a TPU needs one, as in \"runtimeVersion: "
        "tpu-ubuntu2204-base\"");
  }
  const Result<TpuShape> shape = tpu_shape(config);
  if (!shape) return shape.error();
  if (shape->hosts() > 1) {
    return permanent(ErrorCode::kNotSupported,
                     "a TPU " + shape->type + " is " + std::to_string(shape->hosts()) +
                         " hosts, and a node of rayctl is one: take a type of one host, such as " +
                         shape->generation() + "-" + std::to_string(shape->cores_of_host()));
  }
  return {};
}

Result<> check_machine(const Json& config) {
  if (says(config, "machineType") && !config["machineType"].is_string())
    return invalid("node_config.machineType is to be a text, such as n1-standard-4");
  const bool stands = !instance_template_of(config).empty() || says(config, "sourceMachineImage");
  if (machine_type_of(config).empty() && !stands) {
    return invalid(
        "node_config says no machine: write machineType (\"n1-standard-4\"), "
        "sourceInstanceTemplate, or for a TPU acceleratorType (\"v4-8\")");
  }
  if (!says(config, "disks") && !stands) {
    return invalid(
        "node_config has no disks: write one with boot: true, and below initializeParams a "
        "sourceImage such as projects/ubuntu-os-cloud/global/images/family/ubuntu-2204-lts");
  }
  const std::string alien =
      first_said(config, {"acceleratorType", "acceleratorConfig", "runtimeVersion",
                          "schedulingConfig", "dataDisks", "cidrBlock"});
  if (!alien.empty()) {
    return invalid("node_config." + alien +
                   " is for TPUs, and this is a machine, as it has a machineType: take one of the "
                   "two out; GPUs of a machine are guestAccelerators");
  }
  const Json accelerators =
      says(config, "guestAccelerators") ? config["guestAccelerators"] : Json();
  for (const Json& each : accelerators) {
    if (text_of(each, "acceleratorType").empty() ||
        !each.value("acceleratorCount", Json()).is_number_integer()) {
      return invalid(
          "each of node_config.guestAccelerators needs acceleratorType and acceleratorCount");
    }
  }
  return {};
}

}  // namespace

bool says(const Json& node_config, const char* key) {
  const auto found = node_config.find(key);
  if (found == node_config.end() || found->is_null()) return false;
  return !(found->is_string() || found->is_array() || found->is_object()) || !found->empty();
}

bool is_tpu(const Json& node_config) {
  return !says(node_config, "machineType") &&
         (says(node_config, "acceleratorType") || says(node_config, "acceleratorConfig"));
}

bool is_spot(const Json& node_config) {
  if (is_tpu(node_config)) {
    if (!says(node_config, "schedulingConfig")) return false;
    const Json& scheduling = node_config["schedulingConfig"];
    return is_true(scheduling, "preemptible") || is_true(scheduling, "spot");
  }
  const Json scheduling = scheduling_of(node_config);
  return is_true(scheduling, "preemptible") || text_of(scheduling, "provisioningModel") == "SPOT";
}

std::string machine_type_of(const Json& node_config) {
  return last_part(text_of(node_config, "machineType"));
}

std::string instance_template_of(const Json& node_config) {
  return text_of(node_config, "sourceInstanceTemplate");
}

Json scheduling_of(const Json& node_config) {
  Json scheduling = Json::object();
  if (!says(node_config, "scheduling")) return scheduling;
  const Json& said = node_config["scheduling"];
  if (said.is_object()) return said;
  if (!said.is_array()) return scheduling;
  for (const Json& part : said) {
    if (part.is_object()) scheduling.update(part);
  }
  return scheduling;
}

Result<> check_node_config(const Json& node_config) {
  if (!node_config.is_object()) return invalid("node_config is to be a map");
  const bool tpu = is_tpu(node_config);
  if (Result<> forms = check_forms(node_config, tpu); !forms) return forms;
  return tpu ? check_tpu(node_config) : check_machine(node_config);
}

}  // namespace rayctl::gcp
