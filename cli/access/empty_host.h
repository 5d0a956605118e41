#pragma once
#include "base/clock.h"
#include "providers/provider.h"

namespace rayctl {

/// Ends what we started on a machine that is given back rather than ended: Ray, by the file's own
/// means (`ray stop` in the user's login shell, as Ray runs it), then every detached operation that
/// still runs, then the cluster's container. Does nothing where we started nothing. May be
/// repeated.
Result<> empty_host(NodeAccess& access, const CloudNode& node, Clock& clock, Time deadline);

}  // namespace rayctl
