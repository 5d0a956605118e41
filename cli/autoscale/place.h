#pragma once
#include <optional>
#include <string>

#include "model/config.h"
#include "model/desired.h"
#include "model/snapshot.h"

namespace rayctl {

/// Where the autoscaler of a cluster runs.
enum class AutoscalerPlace {
  kNowhere,  ///< none of ours decides on counts
  kHere,     ///< on the machine that has the cluster's state
  kHead,     ///< beside the head
};

/// Where the config wants it. For `type: process`, whose head is on this machine, that is here.
AutoscalerPlace wanted_place(const Config& config);
/// Whether all of the cluster's nodes are on this machine.
bool all_is_here(const Config& config);

/// Why it cannot run beside the head, where the config says that already; "" otherwise.
std::string why_not_on_head(const Config& config);

/// Where it was last started, as recorded; nullopt: it never was.
std::optional<AutoscalerPlace> recorded_place(const Snapshot& snapshot);

/// Makes program and place, and all that the program gives new nodes, part of the autoscaler's
/// digest: it is handed over again when any of it changes.
void hand_over(Desired& desired, const Config& config, AutoscalerPlace place);

}  // namespace rayctl
