#pragma once
#include <string>
#include <vector>

#include "providers/provider.h"
#include "transport/ssh/host_keys.h"
#include "transport/ssh/settings.h"

namespace rayctl {

/// A machine on the way, and the key that it must show.
struct SshHop {
  SshSettings settings;
  HostKey key;
};

/// The argv of the system's ssh (OpenSSH 8.5 or later, for KnownHostsCommand) that logs in to a
/// machine with the same user, keys and limits as we do, and only if it shows the pinned key.
/// `jump`: by way of this machine; may be null. Pure.
std::vector<std::string> ssh_arguments(const SshHop& to, const SshHop* jump,
                                       const Terminal& wanted);

}  // namespace rayctl
