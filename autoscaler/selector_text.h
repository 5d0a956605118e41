#pragma once
#include "base/result.h"
#include "model/json.h"
#include "model/load.h"

namespace rayctl {

/// What Ray's label_selector says: {"zone": "a", "market": "!spot", "tier": "in(x, y)", "gpu":
/// "!in(t4)"}. kUsage for anything that is no record of such texts.
Result<LabelSelector> selector_from_json(const Json& json);

/// A bundle, {"CPU": 1}: a record of numbers that are not negative; kUsage for anything else.
Result<Resources> bundle_from_json(const Json& json);

}  // namespace rayctl
