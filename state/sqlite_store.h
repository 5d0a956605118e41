#pragma once
#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "state/store.h"

namespace rayctl {

/// The embedded store: one SQLite database per cluster (WAL, every commit synced), file 0600 in a
/// folder 0700, with its lock file beside it ("state.db.lock"). Touches nothing yet: a missing
/// file reads as an empty Snapshot and is made by the first write or lock. `clock` times waits for
/// the lock and must outlive the store. A store must not be used on both sides of a fork.
Result<std::unique_ptr<StateStore>> open_sqlite_store(const std::filesystem::path& path,
                                                      Clock& clock);

/// Renames a database that cannot be read, with what belongs to it, so that a new one can take its
/// place; gives the new name. For import alone, under the store's lock, with no store open on it.
Result<std::filesystem::path> set_aside(const std::filesystem::path& path, Time now);

}  // namespace rayctl
