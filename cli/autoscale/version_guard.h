#pragma once
#include <string>

#include "base/result.h"
#include "transport/command_runner.h"

namespace rayctl {

/// Whether a program of version `mine` may change a head: kConflict with kOlderProgram, naming both
/// versions, where a newer one has its bundle there or holds, held or is about to take the lease
/// (and `down` has not ended the cluster since). To be asked before anything is sent to the head or
/// written into its store.
Result<> guard_head_version(CommandRunner& head, const std::string& mine, Time deadline);

}  // namespace rayctl
