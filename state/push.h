#pragma once
#include "base/result.h"
#include "model/snapshot.h"

namespace rayctl {

/// Whether `incoming` may take the place of `current` (rayctl state push): kStateLineage when it is
/// another cluster's state or older than what is there. Anything may fill an empty store. Pure.
Result<> check_push(const Snapshot& current, const Snapshot& incoming);

}  // namespace rayctl
