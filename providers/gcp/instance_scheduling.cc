#include "providers/gcp/instance_scheduling.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "providers/gcp/node_config.h"

namespace rayctl::gcp {
namespace {

// Families whose machines have accelerators of their own. Source: Compute Engine's documentation of
// GPU machine types and of Cloud TPU in Compute Engine, 2026.
constexpr std::array<std::string_view, 8> kAccelerated = {"a2-", "a3-", "a4-", "a4x-",
                                                          "g2-", "g4-", "ct",  "tpu"};

bool has_accelerators(const Json& config, const Json& from) {
  if (says(config, "guestAccelerators")) return true;
  if (from.is_object() && says(from, "guestAccelerators")) return true;
  const std::string own = machine_type_of(config);
  const std::string type = own.empty() && from.is_object() ? machine_type_of(from) : own;
  return std::any_of(kAccelerated.begin(), kAccelerated.end(),
                     [&](std::string_view family) { return type.starts_with(family); });
}

/// Takes out what only a spot machine may say.
void make_standard(Json& scheduling) {
  scheduling.erase("preemptible");
  scheduling.erase("preemptionNoticeDuration");
  if (scheduling.value("provisioningModel", Json()) == Json("SPOT"))
    scheduling.erase("provisioningModel");
  // The end of a machine with a limited life is also said so.
  if (!scheduling.contains("maxRunDuration") && !scheduling.contains("terminationTime"))
    scheduling.erase("instanceTerminationAction");
}

}  // namespace

Json instance_scheduling(const Json& node_config, const Json& from, bool on_demand) {
  Json scheduling = scheduling_of(node_config);
  const Json given = from.is_object() ? scheduling_of(from) : Json::object();
  const auto put = [&](const char* key, const Json& value) {
    if (!scheduling.contains(key) && !given.contains(key)) scheduling[key] = value;
  };
  Json all = given;
  all.update(scheduling);
  bool spot = is_spot({{"scheduling", all}});
  if (spot && on_demand) {
    make_standard(scheduling);
    if (is_spot({{"scheduling", given}})) {
      scheduling["preemptible"] = false;
      scheduling["provisioningModel"] = "STANDARD";
    }
    spot = false;
  }
  if (spot) put("automaticRestart", false);
  if (spot || has_accelerators(node_config, from)) put("onHostMaintenance", "TERMINATE");
  return scheduling;
}

}  // namespace rayctl::gcp
