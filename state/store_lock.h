#pragma once
#include <filesystem>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "state/store.h"

namespace rayctl {

// The lock of a cluster on this machine: an open-file-description lock on a file of its own. The
// kernel frees it with its holder, however that one ends, and no program started by the holder
// inherits it (O_CLOEXEC), so nodes that outlive rayctl do not keep it. The file says who holds it.
// Not flock(): that one cannot be asked after without taking it. Not the database itself: SQLite
// has its own locks there.

/// Waits up to `patience`; then kConflict with kLocked and who holds it. Makes the folder.
Result<std::unique_ptr<StoreLock>> lock_file(const std::filesystem::path& path,
                                             const LockInfo& mine, Millis patience, Clock& clock);

/// Who holds the lock now; nullopt if nobody does. Takes nothing, disturbs nobody.
Result<std::optional<LockInfo>> lock_holder(const std::filesystem::path& path);

/// What a person is told who has to wait.
std::string describe_holder(const LockInfo& holder, Time now);

}  // namespace rayctl
