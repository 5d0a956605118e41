#pragma once
#include <filesystem>
#include <string>

#include "base/result.h"
#include "cli/io.h"
#include "model/names.h"
#include "transport/command_runner.h"

namespace rayctl {

// The key by which an autoscaler on the head opens workers: made for one cluster, never the
// operator's own.

/// `folder`/worker_key (0600, no passphrase) with worker_key.pub beside it, made at the first call.
/// Gives the path of the private half.
Result<std::filesystem::path> ensure_worker_key(const std::filesystem::path& folder,
                                                const ClusterId& cluster);

/// Removes it; a later cluster gets another one.
void drop_worker_key(const std::filesystem::path& folder);
/// The public line of the key that ensure_worker_key() made in `folder`, or, on a head, of the one
/// that $RAYCTL_SSH_KEY names; "" while there is none.
std::string worker_key_line(const std::filesystem::path& folder, const Io& io);

/// Adds the public line to ~/.ssh/authorized_keys of the machine's user, unless it is there. Takes
/// out another key of this cluster. `machine` is outside any container.
Result<> authorize_worker_key(CommandRunner& machine, const std::string& public_line,
                              const ClusterId& cluster, Time deadline);
/// Takes out every key of this cluster; succeeds where there is none.
Result<> withdraw_worker_key(CommandRunner& machine, const ClusterId& cluster, Time deadline);

}  // namespace rayctl
