#pragma once
#include <string>

#include "transport/file_sync.h"

namespace rayctl {

/// Puts files beside what `remote` holds: as sync_mount, but what earlier calls brought there is
/// never removed, and a file mount at the same place keeps its own record.
Result<SyncReport> copy_files(CommandRunner& runner, const std::string& local,
                              const std::string& remote, const Manifest& manifest, Time deadline,
                              const SyncProgress& progress = {});

}  // namespace rayctl
