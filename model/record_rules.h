#pragma once
#include "model/action.h"
#include "model/spec.h"

namespace rayctl {

/// Which digest of what was applied to a node an action replaces; null for an action that replaces
/// none. An action that was begun and did not succeed may have left neither the old there nor the
/// new.
Digest SpecDigests::*changed_digest(const Action& action);

}  // namespace rayctl
