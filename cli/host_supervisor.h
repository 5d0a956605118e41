#pragma once
#include "cli/remote.h"
#include "cli/session.h"

namespace rayctl {

/// A command for a shell on the head of private hosts that nobody watches: it runs `command`, then
/// marks the lease `ended` (so that no autoscaler takes the cluster on), releases every worker over
/// SSH and the head last, and says in one line, also in ~/rayctl-stop.log there, how the command
/// ended and which hosts it could not release: those are found by the next `rayctl down`. It needs
/// sh and OpenSSH on the head and a key that opens the workers (~/ray_bootstrap_key.pem or what ssh
/// uses there anyway): no key is sent. A worker that shows another host key than the pinned one is
/// not released. kNotSupported for other providers, and for nodes in
/// containers.
Result<Command> supervised(Session& session, Cluster& cluster, const Looked& looked,
                           const Command& command);

}  // namespace rayctl
