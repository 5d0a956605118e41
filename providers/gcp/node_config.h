#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "model/json.h"

namespace rayctl::gcp {

// What a node_config of the YAML asks for. All here is pure and takes any JSON.

/// A node of Cloud TPU: acceleratorType or acceleratorConfig, and no machineType (Ray's rule).
bool is_tpu(const Json& node_config);
/// A machine that may be taken away at any time: preemptible or provisioningModel SPOT, in Ray's
/// list of maps as well as in the API's map; of a TPU, schedulingConfig.
bool is_spot(const Json& node_config);
/// "n1-standard-2", whatever way it is written; "" where only a template says it, and for a TPU.
std::string machine_type_of(const Json& node_config);
/// sourceInstanceTemplate as it is written; "" if there is none.
std::string instance_template_of(const Json& node_config);
/// `scheduling` as the API wants it: Ray's list of maps becomes one map, later ones over earlier
/// ones. An empty map if there is none.
Json scheduling_of(const Json& node_config);
/// Whether the config says this key: not null, and not an empty text, list or map.
bool says(const Json& node_config, const char* key);

/// kConfigInvalid, with what is wrong and what to write instead, for a config that cannot become a
/// machine: no machine type and no template, fields of a TPU on a machine and the other way round,
/// lists that are none. kNotSupported for a TPU slice of several hosts.
Result<> check_node_config(const Json& node_config);

}  // namespace rayctl::gcp
