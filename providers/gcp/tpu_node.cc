#include "providers/gcp/tpu_node.h"

#include "providers/gcp/instances.h"
#include "providers/gcp/node_config.h"
#include "providers/gcp/pages.h"
#include "providers/gcp/resource_url.h"
#include "providers/gcp/tpu_body.h"

namespace rayctl::gcp {
namespace {

Power power_of(const std::string& state) {
  if (state == "READY") return Power::kRunning;
  if (state == "STOPPING") return Power::kStopping;
  // One that was preempted is there until somebody deletes it.
  if (state == "STOPPED" || state == "PREEMPTED" || state == "TERMINATED" || state == "HIDDEN" ||
      state == "HIDING") {
    return Power::kStopped;
  }
  return state == "DELETING" ? Power::kGone : Power::kPending;
}

std::string type_of(const Json& node) {
  std::string type = text_of(node, "acceleratorType");
  if (!type.empty()) return type;
  const Result<TpuShape> shape = tpu_shape(node);
  return shape ? shape->type : "";
}

}  // namespace

bool is_tpu_id(const CloudId& id) {
  return id.text.ends_with(kTpuSuffix);
}

TpuNode parse_tpu_node(const Json& json) {
  TpuNode seen;
  const std::string name = text_of(json, "name");
  seen.node.id = {last_part(name)};
  seen.zone = part_after(name, "locations", "");
  seen.state = text_of(json, "state");
  seen.node.power = power_of(seen.state);
  seen.accelerator_type = type_of(json);
  seen.runtime_version = text_of(json, "runtimeVersion");
  if (says(json, "networkEndpoints") && json["networkEndpoints"].is_array()) {
    const Json& endpoints = json["networkEndpoints"];
    seen.hosts = static_cast<int>(endpoints.size());
    seen.node.internal_ip = text_of(endpoints.front(), "ipAddress");
    if (says(endpoints.front(), "accessConfig"))
      seen.node.external_ip = text_of(endpoints.front()["accessConfig"], "externalIp");
  }
  if (says(json, "labels") && json["labels"].is_object()) {
    for (const auto& [key, value] : json["labels"].items()) {
      if (value.is_string()) seen.labels[key] = value.get<std::string>();
    }
  }
  seen.node.tags = from_labels(seen.labels);
  read_tags(seen.node);
  const Json scheduling = {{"acceleratorType", "any"},
                           {"schedulingConfig", json.value("schedulingConfig", Json::object())}};
  seen.spot = is_spot(scheduling);
  return seen;
}

}  // namespace rayctl::gcp
