#include "state/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/files.h"
#include "state/schema.h"

namespace rayctl {

namespace {

/// How long one statement waits for another process's transaction, milliseconds.
constexpr int kBusyWait = 10'000;

int pragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

void apply_steps(SQLite::Database& database) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  for (int version = pragma(database, "user_version"); version < kSchemaVersion; ++version) {
    database.exec(kSchemaSteps.at(static_cast<std::size_t>(version)));
    database.exec("PRAGMA user_version = " + std::to_string(version + 1));
  }
  database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  transaction.commit();
}

/// SQLite reads what is missing of the last page as zeros, that is as rows which never were. With
/// a log beside it, the file may lag behind.
bool cut_off(SQLite::Database& database, const std::filesystem::path& path) {
  const auto page = static_cast<off_t>(pragma(database, "page_size"));
  const auto pages = static_cast<off_t>(pragma(database, "page_count"));
  struct stat file {
  }, log{};
  if (::stat((path.string() + "-wal").c_str(), &log) == 0 && log.st_size > 0) return false;
  if (::stat(path.c_str(), &file) != 0) return true;
  return file.st_size % page != 0 || file.st_size < pages * page;
}

Error file_error(const char* doing, const std::filesystem::path& path, int error) {
  return permanent(ErrorCode::kIo, std::string("cannot ") + doing + " " + path.string() + ": " +
                                       std::generic_category().message(error));
}

}  // namespace

Error corrupt_state(const std::filesystem::path& path, const std::string& why) {
  return permanent(ErrorCode::kStateCorrupt,
                   "the state " + path.string() + " cannot be read: " + why +
                       ". `rayctl import` keeps the file aside and rebuilds the records from "
                       "what runs");
}

Error sqlite_error(const SQLite::Exception& thrown, const std::filesystem::path& path) {
  const std::string why = thrown.what();
  switch (thrown.getErrorCode() & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return transient(ErrorCode::kLocked, "the state " + path.string() +
                                               " is busy: another process has been writing to it "
                                               "for too long. Try again");
    case SQLITE_IOERR:
      return unknown_outcome(ErrorCode::kIo, "the state " + path.string() + ": " + why);
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOMEM:
      return permanent(ErrorCode::kIo, "the state " + path.string() + ": " + why);
    default:
      return corrupt_state(path, why);
  }
}

Result<std::unique_ptr<SQLite::Database>> open_database(const std::filesystem::path& path) {
  // Looked at with stat alone: opening and closing the file here would drop SQLite's own locks.
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::unique_ptr<SQLite::Database>();
    return file_error("read", path, errno);
  }
  if (!S_ISREG(about.st_mode)) return corrupt_state(path, "it is not a file");
  if (about.st_size == 0) return corrupt_state(path, "it is empty");
  return guarded(path, [&]() -> Result<std::unique_ptr<SQLite::Database>> {
    auto database =
        std::make_unique<SQLite::Database>(path.string(), SQLite::OPEN_READWRITE, kBusyWait);
    if (pragma(*database, "application_id") != kApplicationId) {
      return corrupt_state(path, "it is a database of something else");
    }
    const int version = pragma(*database, "user_version");
    if (version > kSchemaVersion) {
      return permanent(ErrorCode::kStateTooNew,
                       "the state " + path.string() + " has schema " + std::to_string(version) +
                           " and this rayctl knows up to " + std::to_string(kSchemaVersion) +
                           ": use the rayctl that wrote it, or a newer one");
    }
    if (cut_off(*database, path)) return corrupt_state(path, "it is cut off");
    const std::string flaw = database->execAndGet("PRAGMA quick_check(1)").getString();
    if (flaw != "ok") return corrupt_state(path, flaw);
    database->exec("PRAGMA synchronous = FULL");
    if (version < kSchemaVersion) apply_steps(*database);
    return database;
  });
}

Result<> create_database(const std::filesystem::path& path) {
  if (Result<> made = make_directories(path.parent_path()); !made) return made;
  std::string draft = path.string() + ".new-XXXXXX";
  const int fd = ::mkostemp(draft.data(), O_CLOEXEC);  // mode 0600, which -wal and -shm take over
  if (fd < 0) return file_error("make", path, errno);
  ::close(fd);
  Result<> made = guarded(draft, [&]() -> Result<> {
    SQLite::Database database(draft, SQLite::OPEN_READWRITE, kBusyWait);
    database.exec("PRAGMA synchronous = FULL");
    apply_steps(database);
    database.exec("PRAGMA journal_mode = WAL");
    return {};
  });
  if (made && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    made = file_error("make", path, errno);
  }
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    ::unlink((draft + suffix).c_str());
  return made;
}

}  // namespace rayctl
