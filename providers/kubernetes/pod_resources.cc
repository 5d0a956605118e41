#include "providers/kubernetes/pod_resources.h"

#include <cmath>

#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/pod_manifest.h"
#include "providers/kubernetes/pod_tags.h"
#include "providers/kubernetes/quantity.h"

namespace rayctl::kubernetes {
namespace {

/// The share of memory that Ray gives its object store (DEFAULT_OBJECT_STORE_MEMORY_PROPORTION).
constexpr double kObjectStore = 0.3;

bool is_extended(const std::string& name) {
  return name.find('/') != std::string::npos && !name.starts_with("hugepages-") &&
         !name.starts_with("attachable-volumes-");
}

bool is_gpu(const std::string& name) {
  return name == "nvidia.com/gpu" || name == "amd.com/gpu" || name == "gpu.intel.com/i915" ||
         name == "gpu.intel.com/xe" || name.starts_with("nvidia.com/mig-");
}

}  // namespace

std::map<std::string, double> pod_resources(const Json& node_config) {
  const Json& pod = pod_of(node_config);
  const std::string ray = ray_container(pod);
  std::map<std::string, double> asked;
  for (const Json& container : list_at(pod, {"spec", "containers"})) {
    if (text_at(container, {"name"}) != ray) continue;
    for (const char* section : {"requests", "limits"}) {
      const Json* amounts = find_in(container, {"resources", section});
      if (amounts == nullptr || !amounts->is_object()) continue;
      for (const auto& [name, amount] : amounts->items()) {
        if (const auto read = read_quantity(amount)) asked[name] = *read;
      }
    }
    break;
  }
  std::map<std::string, double> offers;
  for (const auto& [name, amount] : asked) {
    if (name == "cpu") {
      offers["CPU"] = std::ceil(amount);
    } else if (name == "memory") {
      offers["memory"] = std::floor(amount * (1 - kObjectStore));
    } else if (is_gpu(name)) {
      offers["GPU"] += amount;
    } else if (name == "google.com/tpu") {
      offers["TPU"] = amount;
    } else if (is_extended(name)) {
      offers[name] = amount;
    }
  }
  return offers;
}

}  // namespace rayctl::kubernetes
