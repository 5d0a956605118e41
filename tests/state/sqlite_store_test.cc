#include "state/sqlite_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/digest.h"
#include "base/files.h"
#include "state/schema.h"
#include "tests/state/temp_folder.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class SqliteStoreTest : public TempFolderTest {
 protected:
  std::unique_ptr<StateStore> open() { return *open_sqlite_store(path(), clock_); }
  fs::path path() const { return folder_ / "demo" / "state.db"; }

  /// A database with a cluster of some nodes, closed again.
  Snapshot fill(int nodes) {
    Snapshot snapshot;
    snapshot.lineage = "l";
    snapshot.cluster = {"demo"};
    for (int i = 0; i < nodes; ++i) {
      NodeRecord record{.type = {"gpu"}, .provider = {"process"}};
      record.id = {"i-" + std::to_string(i)};
      record.ip = "10.0.0.1";
      record.phase = Phase::kReady;
      record.applied.launch = record.running.start = {short_digest(std::to_string(i))};
      snapshot.nodes[{"gpu-" + std::to_string(i)}] = record;
    }
    snapshot.open = {{{"t"}, StopRay{{"gpu-1"}}, clock_.now()}};
    EXPECT_TRUE(open()->replace(snapshot, 0));
    return *open()->load();
  }

  /// Without a sync: some tests do it by the hundred.
  void write_plainly(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }

  SystemClock clock_;
};

TEST_F(SqliteStoreTest, ReadingMakesNothing) {
  EXPECT_EQ(*open()->load(), Snapshot{});
  EXPECT_TRUE(open()->holder());
  EXPECT_TRUE(open()->history(5)->empty());
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(SqliteStoreTest, OnlyTheOwnerCanRead) {
  const mode_t before = umask(0);
  const auto store = open();
  const auto lock = store->lock({"ana", 1, "apply", clock_.now()}, Millis{0});
  EXPECT_TRUE(store->begin({{"t"}, StopRay{}, clock_.now()}, 0));
  umask(before);
  EXPECT_EQ(mode_of(folder_ / "demo"), 0700U);
  int files = 0;
  for (const auto& file : fs::directory_iterator(folder_ / "demo")) {
    EXPECT_EQ(mode_of(file), 0600U) << file.path();
    ++files;
  }
  EXPECT_EQ(files, 4);  // the database, its -wal and -shm, the lock
}

TEST_F(SqliteStoreTest, CommitsAreSyncedAndLogged) {
  fill(1);
  SQLite::Database database(path().string(), SQLite::OPEN_READWRITE);
  EXPECT_EQ(database.execAndGet("PRAGMA journal_mode").getString(), "wal");
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), kSchemaVersion);
}

TEST_F(SqliteStoreTest, AWriterThatHoldsTheDatabaseIsWaitedFor) {
  fill(1);
  const auto store = open();
  SQLite::Database other(path().string(), SQLite::OPEN_READWRITE);
  auto held = std::make_unique<SQLite::Transaction>(other, SQLite::TransactionBehavior::IMMEDIATE);
  EXPECT_EQ(store->load()->nodes.size(), 1U);  // readers do not wait
  std::jthread releasing([&] {
    clock_.sleep(Millis{200}, {});
    held.reset();
  });
  EXPECT_TRUE(store->begin({{"t2"}, StopRay{}, clock_.now()}, store->load()->serial));
}

TEST_F(SqliteStoreTest, WhatIsNoStateIsCorruptAndLeftAsItIs) {
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(5'000, 'x'),
                                   std::string("SQLite format 3\0", 16), std::string(100, '\0')}) {
    ASSERT_TRUE(make_directories(path().parent_path()));
    ASSERT_TRUE(write_file_atomic(path(), bytes));
    const auto store = open();
    for (const Error& error :
         {store->load().error(), store->begin({{"t"}, StopRay{}, {}}, 0).error(),
          store->journal(1).error(), store->begin_run({}).error()}) {
      EXPECT_EQ(error.code, ErrorCode::kStateCorrupt) << error.message;
      EXPECT_EQ(error.fault, Fault::kPermanent);
      EXPECT_NE(error.message.find("rayctl import"), std::string::npos);
      EXPECT_NE(error.message.find(path().string()), std::string::npos);
    }
    EXPECT_EQ(*read_file(path()), bytes);
  }
}

TEST_F(SqliteStoreTest, AnotherProgramsDatabaseIsRefused) {
  ASSERT_TRUE(make_directories(path().parent_path()));
  {
    SQLite::Database other(path().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("CREATE TABLE songs (title TEXT)");
  }
  EXPECT_EQ(open()->load().error().code, ErrorCode::kStateCorrupt);
  EXPECT_EQ(open()->begin({{"t"}, StopRay{}, {}}, 0).error().code, ErrorCode::kStateCorrupt);
}

TEST_F(SqliteStoreTest, AFolderIsNoState) {
  ASSERT_TRUE(make_directories(path()));
  EXPECT_EQ(open()->load().error().code, ErrorCode::kStateCorrupt);
}

TEST_F(SqliteStoreTest, CutOffAnywhereIsCorruptOrWhole) {
  const Snapshot whole = fill(300);
  const std::string bytes = *read_file(path());
  ASSERT_FALSE(fs::exists(path().string() + "-wal"));
  int tried = 0, corrupt = 0;
  for (std::size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : 509) {
    write_plainly(bytes.substr(0, size));
    const Result<Snapshot> loaded = open()->load();
    ++tried;
    if (loaded) {
      EXPECT_TRUE(*loaded == whole) << "silently different when cut to " << size;
    } else {
      EXPECT_EQ(loaded.error().code, ErrorCode::kStateCorrupt) << loaded.error().message;
      ++corrupt;
    }
    for (const char* suffix : {"-wal", "-shm"})
      fs::remove(path().string() + suffix);
  }
  std::printf("cut at %d places: %d corrupt, %d whole\n", tried, corrupt, tried - corrupt);
  EXPECT_GT(corrupt, tried * 9 / 10);
}

TEST_F(SqliteStoreTest, OverwrittenAnywhereNeverCrashes) {
  fill(300);
  const std::string bytes = *read_file(path());
  int tried = 0, refused = 0;
  for (std::size_t at = 0; at < bytes.size(); at += at < 128 ? 1 : 1021) {
    std::string damaged = bytes;
    damaged.replace(at, std::min<std::size_t>(16, bytes.size() - at),
                    std::min<std::size_t>(16, bytes.size() - at), at % 2 == 0 ? '\xFF' : '\0');
    write_plainly(damaged);
    const auto store = open();
    const Result<Snapshot> loaded = store->load();
    if (tried % 4 == 0) {
      (void)store->begin({{"t9"}, StopRay{}, {}}, loaded ? loaded->serial : 0);
    }
    (void)store->journal(100);
    ++tried;
    refused += loaded ? 0 : 1;
    for (const char* suffix : {"-wal", "-shm"})
      fs::remove(path().string() + suffix);
  }
  std::printf("damaged at %d places: %d refused\n", tried, refused);
  EXPECT_GT(refused, 0);
}

TEST_F(SqliteStoreTest, DamageWhileOpenIsAnErrorToo) {
  fill(300);
  const auto store = open();
  ASSERT_TRUE(store->load());
  fs::resize_file(path(), 5'000);
  const Result<Snapshot> loaded = store->load();
  if (!loaded) {
    EXPECT_EQ(loaded.error().code, ErrorCode::kStateCorrupt);
  }
  EXPECT_FALSE(open()->load());
}

TEST_F(SqliteStoreTest, SetAsideKeepsTheFileAndMakesRoom) {
  ASSERT_TRUE(make_directories(path().parent_path()));
  const Time now = parse_time("2026-11-23T11:21:53.007Z");
  for (const char* expected :
       {"state.db.aside-20261123T112153007Z", "state.db.aside-20261123T112153007Z-2"}) {
    ASSERT_TRUE(write_file_atomic(path(), "broken"));
    ASSERT_TRUE(write_file_atomic(path().string() + "-wal", "log"));
    const Result<fs::path> aside = set_aside(path(), now);
    ASSERT_TRUE(aside) << aside.error().message;
    EXPECT_EQ(aside->filename(), expected);
    EXPECT_EQ(*read_file(*aside), "broken");
    EXPECT_EQ(*read_file(aside->string() + "-wal"), "log");
    EXPECT_EQ(*open()->load(), Snapshot{});
  }
  EXPECT_TRUE(open()->begin({{"t"}, StopRay{}, {}}, 0));
  EXPECT_FALSE(set_aside(folder_ / "none", now));
}

TEST_F(SqliteStoreTest, AFullHistoryIsCut) {
  const auto store = open();
  for (int i = 0; i < 30; ++i) {
    RunRecord run{.id = std::to_string(1000 + i), .command = "apply"};
    run.plan = "{}";
    ASSERT_TRUE(store->begin_run(run));
  }
  const auto runs = *store->history(100);
  ASSERT_EQ(runs.size(), 30U);
  EXPECT_EQ(runs[0].plan, "{}");
  EXPECT_EQ(runs[19].plan, "{}");
  EXPECT_EQ(runs[20].plan, "");
}

TEST_F(SqliteStoreTest, UnusedBreakdownGoesWithTheNextApply) {
  const auto store = open();
  NodeRecord record;
  record.applied.setup = {"held"};
  Finished done;
  done.records = {{NodeName{"a"}, record}};
  done.breakdown = {{Digest{"held"}, {{"f", {"v"}}}}, {Digest{"unused"}, {{"f", {"v"}}}}};
  ASSERT_TRUE(store->finish(done, 0, clock_.now()));
  ASSERT_TRUE(store->change_cluster({.epoch = 1}, 1));
  EXPECT_EQ(store->load()->breakdown.size(), 1U);
}

TEST_F(SqliteStoreTest, TenThousandNodesLoadQuickly) {
  const Snapshot snapshot = fill(10'000);
  const auto store = open();
  const auto start = std::chrono::steady_clock::now();
  const Result<Snapshot> loaded = store->load();
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  std::printf("load of 10,000 nodes: %.1f ms, %ju bytes\n", spent.count(),
              static_cast<std::uintmax_t>(fs::file_size(path())));
  EXPECT_EQ(*loaded, snapshot);
}

TEST_F(SqliteStoreTest, RefusesAnEmptyPath) {
  EXPECT_EQ(open_sqlite_store("", clock_).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace rayctl
