#pragma once
#include "model/json.h"

namespace rayctl::gcp {

/// The `scheduling` of a machine's body, with what the API demands and neither config nor template
/// (`from`: what the template gives, or null) says: spot machines are not restarted and not
/// migrated, machines with accelerators are not migrated. `on_demand` takes out what makes it a
/// spot machine. Empty if there is nothing to say.
Json instance_scheduling(const Json& node_config, const Json& from, bool on_demand);

}  // namespace rayctl::gcp
