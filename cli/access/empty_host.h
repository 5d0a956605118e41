#pragma once
#include "base/clock.h"
#include "providers/provider.h"

namespace rayctl {

/// Ends what we started on a machine that is given back rather than ended: the cluster's container
/// with all that runs in it, then Ray, with `ray stop` in the user's login shell as Ray runs it,
/// then every detached operation that still runs. Does nothing where we started nothing. May be
/// repeated.
Result<> empty_host(NodeAccess& access, const CloudNode& node, Clock& clock, Time deadline);

}  // namespace rayctl
