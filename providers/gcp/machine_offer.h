#pragma once
#include <map>
#include <optional>
#include <string>

#include "model/json.h"

namespace rayctl::gcp {

/// What a machine offers, in Ray's words: "CPU", "memory" in bytes (less what Ray keeps for its
/// object store), "GPU" with "accelerator_type:T4", "TPU". Ray leaves "memory" out for the head.
using Offer = std::map<std::string, double>;

/// Ray's name of an accelerator of Compute Engine: "T4" of "nvidia-tesla-t4"; that of the chip for
/// one of virtual workstations ("nvidia-tesla-t4-vws"); "" for one that Ray has no name for.
std::string ray_accelerator(const std::string& accelerator_type);

/// The offer of a machine type that says itself what it is ("custom-2-4096",
/// "n2-custom-4-8192-ext"); nullopt for any other name.
std::optional<Offer> custom_offer(const std::string& machine_type);

/// The offer in an answer of machineTypes.get, with the accelerators that the type brings.
Offer parse_machine_type(const Json& json);

/// Adds the guestAccelerators of a config.
void add_accelerators(Offer& offer, const Json& guest_accelerators);

/// What Ray says of a TPU: its chips, and "TPU-v4-8-head", which tasks of a whole slice ask for.
/// Empty if the config is none of a TPU.
Offer tpu_offer(const Json& node_config);

}  // namespace rayctl::gcp
