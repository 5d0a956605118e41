#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "base/result.h"

namespace rayctl {

/// What SQLite said, for whom it may concern: a file that cannot be read as a state is
/// kStateCorrupt, a wait for another process that took too long kLocked, anything of the disk kIo.
Error sqlite_error(const SQLite::Exception& thrown, const std::filesystem::path& path);

/// The message of kStateCorrupt: which file, why, and what to do.
Error corrupt_state(const std::filesystem::path& path, const std::string& why);

/// Opens the state in `path`, brought to the newest schema; null if there is no such file.
Result<std::unique_ptr<SQLite::Database>> open_database(const std::filesystem::path& path);

/// Makes an empty state in `path` (file 0600, folder 0700), whole or not at all: a crash leaves no
/// half-made file, and of two makers one wins. Not an error if there is one already.
Result<> create_database(const std::filesystem::path& path);

/// Runs `work`, which may throw SQLite::Exception and returns a Result.
template <class Work>
auto guarded(const std::filesystem::path& path, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& thrown) {
    return sqlite_error(thrown, path);
  }
}

}  // namespace rayctl
