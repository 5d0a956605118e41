#pragma once
#include "cli/providers.h"

namespace rayctl {

/// `type: local`: the provider of private hosts (providers/hosts) over SSH. kNotSupported with a
/// coordinator_address.
Result<ProviderParts> make_private_hosts(const ProviderSetting& setting);

}  // namespace rayctl
