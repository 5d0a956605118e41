#pragma once
#include "cli/providers.h"

namespace rayctl {

/// `type: gcp`: machines of Compute Engine and nodes of Cloud TPU (providers/gcp), reached over
/// SSH.
Result<ProviderParts> make_gcp_machines(const ProviderSetting& setting);

}  // namespace rayctl
