#pragma once
#include <filesystem>
#include <string>

#include "cli/autoscale/bundle_facts.h"
#include "transport/file_sync.h"

namespace rayctl {

/// Whether a program for the processor `machine` (as uname -m says) runs on the runner's machine:
/// Linux on the same one. If not, kNotSupported with words for the plan.
Result<> can_run_there(CommandRunner& runner, const std::string& machine, Time deadline);

/// Sends a bundle that write_bundle() made, with its program and its mounts, below
/// ~/.rayctl/autoscaler of a machine (0700), and gives the folder there, "~/..."; what lies there
/// already is not sent again. kNotSupported as above; kFilesFailed and others as sync_mount().
Result<std::string> send_bundle(CommandRunner& runner, const std::filesystem::path& bundle,
                                Time deadline, const SyncProgress& progress = {});

/// Whether the program of a bundle on a machine ("": of the newest, if there is one) may see the
/// cluster's machines from there, with what the machine itself is allowed. If not, kNotSupported
/// with words for the plan; what has another cause counts as fine.
Result<> may_work_there(CommandRunner& runner, const std::string& bundle, Time deadline);

/// Removes bundles, programs and mounts on the machine that the bundle `keep` there does not need.
Result<> drop_other_bundles_there(CommandRunner& runner, const std::string& keep, Time deadline);

/// Removes all of them on the machine, with what an autoscaler there wrote; the lease stays.
Result<> drop_bundles_there(CommandRunner& runner, Time deadline);

}  // namespace rayctl
