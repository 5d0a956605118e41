#include "state/sqlite_store.h"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "state/sqlite_database.h"
#include "state/sqlite_rows.h"
#include "state/store_lock.h"

namespace rayctl {

namespace {

namespace fs = std::filesystem;

/// Whether a commit is on the disk before anybody is told of it. One that is not is on it with the
/// next that is: what a power failure takes is what came last, as if the program had ended there.
enum class Sync { kNow, kWithTheNext };

class SqliteStore final : public StateStore {
 public:
  SqliteStore(fs::path path, Clock& clock) : path_(std::move(path)), clock_(clock) {}

  Result<Snapshot> load() override { return read<Snapshot>(read_snapshot); }

  Result<std::unique_ptr<StoreLock>> lock(const LockInfo& mine, Millis patience) override {
    return lock_file(lock_path(), mine, patience, clock_);
  }
  Result<std::optional<LockInfo>> holder() override { return lock_holder(lock_path()); }

  Result<std::int64_t> begin(const OpenOp& op, std::int64_t serial) override {
    return write(serial, [&](SQLite::Database& database) { add_op(database, op); });
  }

  Result<std::int64_t> note_attempts(const OpToken& token,
                                     const std::vector<LaunchAttempt>& attempts,
                                     std::int64_t serial) override {
    return write(serial,
                 [&](SQLite::Database& database) { put_attempts(database, token, attempts); });
  }

  Result<std::int64_t> finish(const Finished& finished, std::int64_t serial, Time now) override {
    // An operation that is open again is gone on with by its token.
    return write(
        serial,
        [&](SQLite::Database& database) {
          close_op(database, finished, now);
          put_nodes(database, finished.records);
          put_resources(database, finished.resources);
          raise_highest(database, finished.highest);
          add_breakdown(database, finished.breakdown);
        },
        Sync::kWithTheNext);
  }

  Result<std::int64_t> change_cluster(const ClusterChange& change, std::int64_t serial) override {
    return write(serial, [&](SQLite::Database& database) {
      set(database, "name", change.cluster);
      set(database, "cluster_id", change.cluster_id);
      set(database, "autoscaler", change.autoscaler);
      set(database, "config", change.config);
      if (change.epoch) set_number(database, "epoch", *change.epoch);
      if (change.imported) set_number(database, "imported", std::int64_t{*change.imported});
      if (change.overrides) {
        set_number(database, "min_workers", change.overrides->min_workers);
        set_number(database, "max_workers", change.overrides->max_workers);
      }
      drop_unused_breakdown(database);
      add_breakdown(database, change.breakdown);
    });
  }

  Result<std::int64_t> replace(const Snapshot& snapshot, std::int64_t serial) override {
    return transact<std::int64_t>([&](SQLite::Database& database) -> Result<std::int64_t> {
      if (Result<> current = check_serial(database, serial); !current) return current.error();
      const std::int64_t next = std::max(serial, snapshot.serial) + 1;
      Snapshot kept = snapshot;
      if (kept.lineage.empty()) kept.lineage = random_hex(16);
      put_snapshot(database, kept, next, clock_.now());
      return next;
    });
  }

  Result<std::string> pin(const std::string& kind, const std::string& name,
                          const std::string& value) override {
    return transact<std::string>([&](SQLite::Database& database) {
      return Result<std::string>(add_pin(database, kind, name, value));
    });
  }
  Result<bool> unpin(const std::string& kind, const std::string& name) override {
    return transact<bool>(
        [&](SQLite::Database& database) { return Result<bool>(drop_pin(database, kind, name)); });
  }
  Result<std::map<std::string, std::string>> pins(const std::string& kind) override {
    return read<std::map<std::string, std::string>>([&](SQLite::Database& database) {
      return Result<std::map<std::string, std::string>>(std::move(read_pins(database)[kind]));
    });
  }

  Result<> begin_run(const RunRecord& run) override { return write_run(run); }
  Result<> end_run(const RunRecord& run) override { return write_run(run); }

  Result<std::vector<RunRecord>> history(int most) override {
    return read<std::vector<RunRecord>>([most](SQLite::Database& database) {
      return Result<std::vector<RunRecord>>(read_runs(database, most));
    });
  }
  Result<std::vector<JournalLine>> journal(int most) override {
    return read<std::vector<JournalLine>>(
        [most](SQLite::Database& database) { return read_journal(database, most); });
  }

 private:
  fs::path lock_path() const { return path_.string() + ".lock"; }

  /// Opens the database when it is first needed.
  Result<> open() {
    if (database_) return {};
    auto opened = open_database(path_);
    if (!opened) return opened.error();
    database_ = *std::move(opened);
    return {};
  }

  template <class T, class Work>
  Result<T> read(Work work) {
    const std::lock_guard guard(mutex_);
    if (Result<> opened = open(); !opened) return opened.error();
    if (!database_) return T{};
    return guarded(path_, [&]() -> Result<T> {
      const SQLite::Transaction view(*database_);  // rolled back: nothing was written
      Result<T> value = work(*database_);
      if (!value && value.error().code == ErrorCode::kStateCorrupt) {
        return corrupt_state(path_, value.error().message);
      }
      return value;
    });
  }

  /// Runs `work` in one transaction, kept only if it gives a value.
  template <class T, class Work>
  Result<T> transact(Work work, Sync sync = Sync::kNow) {
    const std::lock_guard guard(mutex_);
    if (Result<> opened = open(); !opened) return opened.error();
    if (!database_) {
      if (Result<> made = create_database(path_); !made) return made.error();
      if (Result<> opened = open(); !opened) return opened.error();
    }
    return guarded(path_, [&]() -> Result<T> {
      if (std::exchange(sync_, sync) != sync) {
        database_->exec(sync == Sync::kNow ? "PRAGMA synchronous = FULL"
                                           : "PRAGMA synchronous = NORMAL");
      }
      SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
      Result<T> value = work(*database_);
      if (value) transaction.commit();
      return value;
    });
  }

  template <class Work>
  Result<std::int64_t> write(std::int64_t serial, Work work, Sync sync = Sync::kNow) {
    const auto checked = [&](SQLite::Database& database) -> Result<std::int64_t> {
      if (Result<> current = check_serial(database, serial); !current) return current.error();
      if (serial == 0) {
        SQLite::Statement first(database,
                                "INSERT OR IGNORE INTO cluster (one, lineage, serial) "
                                "VALUES (1, ?, 0)");
        first.bind(1, random_hex(16));
        first.exec();
      }
      work(database);
      set_number(database, "serial", std::optional(serial + 1));
      return serial + 1;
    };
    return transact<std::int64_t>(checked, sync);
  }

  Result<> write_run(const RunRecord& run) {
    return transact<std::monostate>([&](SQLite::Database& database) -> Result<> {
      put_run(database, run);
      return {};
    });
  }

  static Result<> check_serial(SQLite::Database& database, std::int64_t serial) {
    const std::int64_t current = std::max<std::int64_t>(read_serial(database), 0);
    if (current == serial) return {};
    return conflict(ErrorCode::kStateConflict, "the state is at serial " + std::to_string(current) +
                                                   " and not " + std::to_string(serial) +
                                                   ": another writer was first. Plan again");
  }

  template <class Tag>
  static void set(SQLite::Database& database, const char* column,
                  const std::optional<Name<Tag>>& value) {
    if (!value) return;
    SQLite::Statement update(database, std::string("UPDATE cluster SET ") + column + " = ?");
    update.bind(1, value->text);
    update.exec();
  }
  template <class T>
  static void set_number(SQLite::Database& database, const char* column,
                         const std::optional<T>& value) {
    SQLite::Statement update(database, std::string("UPDATE cluster SET ") + column + " = ?");
    if (value) {
      update.bind(1, *value);
    } else {
      update.bind(1);
    }
    update.exec();
  }
  static void set_number(SQLite::Database& database, const char* column, std::int64_t value) {
    set_number(database, column, std::optional(value));
  }

  const fs::path path_;
  Clock& clock_;
  std::mutex mutex_;  ///< guards what follows
  std::unique_ptr<SQLite::Database> database_;
  Sync sync_ = Sync::kNow;  ///< what the database is told at present
};

}  // namespace

Result<std::unique_ptr<StateStore>> open_sqlite_store(const fs::path& path, Clock& clock) {
  if (path.empty()) return permanent(ErrorCode::kUsage, "the path of the state is empty");
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  if (error)
    return permanent(ErrorCode::kIo, "cannot find " + path.string() + ": " + error.message());
  return std::unique_ptr<StateStore>(std::make_unique<SqliteStore>(whole, clock));
}

Result<fs::path> set_aside(const fs::path& path, Time now) {
  std::string stamp;
  for (const char c : format_time(now)) {
    if (c != '-' && c != ':' && c != '.') stamp += c;
  }
  std::error_code error;
  fs::path aside = path.string() + ".aside-" + stamp;
  for (int n = 2; fs::exists(aside, error); ++n) {
    aside = path.string() + ".aside-" + stamp + "-" + std::to_string(n);
  }
  fs::rename(path, aside, error);
  if (error) {
    return permanent(ErrorCode::kIo, "cannot set " + path.string() + " aside: " + error.message());
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    const fs::path from = path.string() + suffix;
    if (!fs::exists(from, error)) continue;
    fs::rename(from, aside.string() + suffix, error);
    if (error) {
      return permanent(ErrorCode::kIo,
                       "cannot set " + from.string() + " aside: " + error.message());
    }
  }
  return aside;
}

}  // namespace rayctl
