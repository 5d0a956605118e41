#pragma once
#include "cli/providers.h"

namespace rayctl {

/// `type: aws`: machines of EC2 (providers/aws), reached over SSH.
Result<ProviderParts> make_aws_machines(const ProviderSetting& setting);

}  // namespace rayctl
