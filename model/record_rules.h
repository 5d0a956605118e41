#pragma once
#include "model/action.h"
#include "model/snapshot.h"

namespace rayctl {

// How a node's record follows what is done to the node. The applier keeps to these rules, and the
// planner foresees by them.

/// Which digest of what was applied to a node an action replaces; null for an action that replaces
/// none. An action that was begun and did not succeed may have left neither the old there nor the
/// new.
Digest SpecDigests::*changed_digest(const Action& action);

/// After something was put on a node: if it had failed, and Ray runs on it, it is ready again.
void make_ready_again(NodeRecord& record);

}  // namespace rayctl
