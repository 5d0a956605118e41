#include "providers/gcp/machine_offer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/pages.h"
#include "providers/gcp/tpu_body.h"

namespace rayctl::gcp {
namespace {

// DEFAULT_OBJECT_STORE_MEMORY_PROPORTION of Ray.
constexpr double kObjectStore = 0.3;
constexpr char kAccelerator[] = "accelerator_type:";

// Compute Engine's names of GPUs, without "-vws", and those that Ray's nodes find in the machine's
// driver (ray/util/accelerators/accelerators.py of Ray 2.60).
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kNames = {{
    {"nvidia-tesla-k80", "K80"},
    {"nvidia-tesla-p4", "P4"},
    {"nvidia-tesla-p100", "P100"},
    {"nvidia-tesla-v100", "V100"},
    {"nvidia-tesla-t4", "T4"},
    {"nvidia-l4", "L4"},
    {"nvidia-tesla-a100", "A100"},
    {"nvidia-a100-40gb", "A100"},
    {"nvidia-a100-80gb", "A100"},
    {"nvidia-h100-80gb", "H100"},
    {"nvidia-h100-mega-80gb", "H100"},
    {"nvidia-h200-141gb", "H200"},
    {"nvidia-b200", "B200"},
    {"nvidia-b300", "B300"},
    {"nvidia-gb200", "GB200"},
    {"nvidia-gb300", "GB300"},
    {"nvidia-rtx-pro-6000", "RTX-PRO-6000"},
}};

Offer machine(double cpus, double mebibytes) {
  if (cpus <= 0) return {};
  return {{"CPU", cpus}, {"memory", std::floor(mebibytes * 1024 * 1024 * (1 - kObjectStore))}};
}

double number(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found == map.end() || !found->is_number() ? 0 : found->get<double>();
}

/// A number of up to eight digits, 0 for anything else.
int count(const std::string& digits) {
  const bool good = !digits.empty() && digits.size() <= 8 &&
                    std::all_of(digits.begin(), digits.end(),
                                [](unsigned char letter) { return std::isdigit(letter) != 0; });
  return good ? std::stoi(digits) : 0;
}

void add_accelerator(Offer& offer, const std::string& type, double chips) {
  if (chips <= 0 || !type.starts_with("nvidia-")) return;
  offer["GPU"] += chips;
  if (const std::string name = ray_accelerator(type); !name.empty()) offer[kAccelerator + name] = 1;
}

}  // namespace

std::string ray_accelerator(const std::string& accelerator_type) {
  std::string_view bare = accelerator_type;
  if (bare.ends_with("-vws")) bare.remove_suffix(4);
  for (const auto& [theirs, rays] : kNames) {
    if (theirs == bare) return std::string(rays);
  }
  return "";
}

std::optional<Offer> custom_offer(const std::string& machine_type) {
  std::vector<std::string> parts = split(machine_type, '-');
  if (parts.back() == "ext") parts.pop_back();
  // Those of the N1 family may have no family before them.
  if (parts.size() == 4) parts.erase(parts.begin());
  if (parts.size() != 3 || parts.front() != "custom") return std::nullopt;
  int cpus = count(parts[1]);
  const int mebibytes = count(parts[2]);
  // Of E2's types with a part of a core, whose guests see two.
  if (parts[1] == "micro" || parts[1] == "small" || parts[1] == "medium") cpus = 2;
  if (cpus == 0 || mebibytes == 0) return std::nullopt;
  return machine(cpus, mebibytes);
}

Offer parse_machine_type(const Json& json) {
  Offer offer = machine(number(json, "guestCpus"), number(json, "memoryMb"));
  const auto accelerators = json.find("accelerators");
  if (accelerators == json.end() || !accelerators->is_array()) return offer;
  for (const Json& each : *accelerators) {
    add_accelerator(offer, text_of(each, "guestAcceleratorType"),
                    number(each, "guestAcceleratorCount"));
  }
  return offer;
}

void add_accelerators(Offer& offer, const Json& guest_accelerators) {
  if (!guest_accelerators.is_array()) return;
  for (const Json& each : guest_accelerators) {
    add_accelerator(offer, last_part(text_of(each, "acceleratorType")),
                    number(each, "acceleratorCount"));
  }
}

Offer tpu_offer(const Json& node_config) {
  const Result<TpuShape> shape = tpu_shape(node_config);
  if (!shape) return {};
  std::string name = "TPU-" + shape->generation();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return {{"TPU", std::min(shape->chips, shape->per_host)},
          {"TPU-" + shape->type + "-head", 1},
          {kAccelerator + name, 1}};
}

}  // namespace rayctl::gcp
