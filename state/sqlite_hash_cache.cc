#include "state/sqlite_hash_cache.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string_view>
#include <system_error>

#include "base/files.h"

namespace rayctl {

namespace {

namespace fs = std::filesystem;

/// Another number, another layout: the file is then made anew.
constexpr int kCacheVersion = 1;
constexpr int kBusyWait = 2'000;  // milliseconds
constexpr char kTable[] =
    "CREATE TABLE files (path TEXT PRIMARY KEY, stamp BLOB NOT NULL, sha256 TEXT NOT NULL) "
    "STRICT, WITHOUT ROWID";

/// A stamp as it lies in the database: of this machine's byte order, and never leaves it.
struct StampBytes {
  char bytes[sizeof(FileStamp)];
};
static_assert(std::has_unique_object_representations_v<FileStamp>);

StampBytes pack(const FileStamp& stamp) {
  StampBytes packed{};
  std::memcpy(packed.bytes, &stamp, sizeof stamp);
  return packed;
}

/// Visits the files below `root`, and `root` itself, sorted by path.
template <class Visit>
void each_below(SQLite::Database& database, const std::string& root, Visit visit) {
  // Everything that starts with "root/": "0" follows "/".
  SQLite::Statement rows(database,
                         "SELECT path, stamp, sha256 FROM files WHERE path = ?1 OR "
                         "(path >= ?2 AND path < ?3) ORDER BY path");
  const std::string stem = root.ends_with('/') ? root.substr(0, root.size() - 1) : root;
  rows.bind(1, root);
  rows.bind(2, stem + "/");
  rows.bind(3, stem + "0");
  while (rows.executeStep()) {
    const SQLite::Column stamp = rows.getColumn(1);
    if (stamp.getBytes() != static_cast<int>(sizeof(FileStamp))) continue;
    HashedFile file{rows.getColumn(0).getString(), {}, rows.getColumn(2).getString()};
    std::memcpy(&file.stamp, stamp.getBlob(), sizeof(FileStamp));
    visit(std::move(file));
  }
}

class SqliteHashCache final : public HashCache {
 public:
  explicit SqliteHashCache(fs::path path) : path_(std::move(path)) {}

  std::vector<HashedFile> load(const std::string& root) override {
    const std::lock_guard guard(mutex_);
    std::vector<HashedFile> files;
    std::error_code error;
    if (!database_ && !fs::exists(path_, error)) return files;
    try {
      each_below(open(), root, [&](HashedFile file) { files.push_back(std::move(file)); });
    } catch (const SQLite::Exception&) {
      database_.reset();
      files.clear();
    }
    return files;
  }

  void store(const std::string& root, const std::vector<HashedFile>& files) override {
    const std::lock_guard guard(mutex_);
    for (const bool again : {false, true}) {
      try {
        store_changes(open(), root, files);
        return;
      } catch (const SQLite::Exception& thrown) {
        database_.reset();
        if (again || !unreadable(thrown)) return;
        remove();
      }
    }
  }

 private:
  static bool unreadable(const SQLite::Exception& thrown) {
    constexpr int kSqliteError = 1, kSqliteCorrupt = 11, kSqliteNotADatabase = 26;
    const int code = thrown.getErrorCode() & 0xFF;
    return code == kSqliteError || code == kSqliteCorrupt || code == kSqliteNotADatabase;
  }

  SQLite::Database& open() {
    if (database_) return *database_;
    if (!make_directories(path_.parent_path())) throw SQLite::Exception("no folder", 14);
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) ::close(fd);
    auto database =
        std::make_unique<SQLite::Database>(path_.string(), SQLite::OPEN_READWRITE, kBusyWait);
    database->exec("PRAGMA journal_mode = WAL");
    database->exec("PRAGMA synchronous = OFF");
    if (database->execAndGet("PRAGMA user_version").getInt() != kCacheVersion) {
      SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
      if (database->execAndGet("PRAGMA user_version").getInt() != kCacheVersion) {
        database->exec("DROP TABLE IF EXISTS files");
        database->exec(kTable);
        database->exec("PRAGMA user_version = " + std::to_string(kCacheVersion));
      }
      transaction.commit();
    }
    database_ = std::move(database);
    return *database_;
  }

  void remove() const {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"})
      fs::remove(path_.string() + suffix, ignored);
  }

  /// Walks what is known and what is new side by side, and writes only where they differ.
  static void store_changes(SQLite::Database& database, const std::string& root,
                            const std::vector<HashedFile>& files) {
    std::vector<const HashedFile*> wanted;
    wanted.reserve(files.size());
    for (const HashedFile& file : files)
      wanted.push_back(&file);
    std::sort(wanted.begin(), wanted.end(),
              [](const HashedFile* a, const HashedFile* b) { return a->path < b->path; });
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    std::vector<std::string> gone;
    std::vector<const HashedFile*> changed;
    auto next = wanted.begin();
    each_below(database, root, [&](const HashedFile& known) {
      for (; next != wanted.end() && (*next)->path < known.path; ++next)
        changed.push_back(*next);
      if (next == wanted.end() || (*next)->path != known.path) {
        gone.push_back(known.path);
        return;
      }
      if ((*next)->stamp != known.stamp || (*next)->sha256 != known.sha256) {
        changed.push_back(*next);
      }
      ++next;
    });
    changed.insert(changed.end(), next, wanted.end());
    SQLite::Statement remove(database, "DELETE FROM files WHERE path = ?");
    for (const std::string& path : gone) {
      remove.bind(1, path);
      remove.exec();
      remove.reset();
    }
    SQLite::Statement put(database, "INSERT OR REPLACE INTO files VALUES (?, ?, ?)");
    for (const HashedFile* file : changed) {
      const StampBytes stamp = pack(file->stamp);
      put.bindNoCopy(1, file->path);
      put.bindNoCopy(2, stamp.bytes, sizeof stamp.bytes);
      put.bindNoCopy(3, file->sha256);
      put.exec();
      put.reset();
    }
    transaction.commit();
  }

  const fs::path path_;
  std::mutex mutex_;  ///< guards database_
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace

std::unique_ptr<HashCache> open_sqlite_hash_cache(const fs::path& path) {
  return std::make_unique<SqliteHashCache>(path);
}

}  // namespace rayctl
