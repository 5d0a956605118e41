// Every schema that was ever released has a dump in fixtures/state/, and there is one from the
// future. To add a step: `sqlite3 state.db .dump` of the version before it becomes its fixture.
#include "state/schema.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "base/files.h"
#include "state/sqlite_store.h"
#include "tests/state/temp_folder.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class SchemaTest : public TempFolderTest {
 protected:
  fs::path from_fixture(const std::string& name) {
    const fs::path path = folder_ / "state.db";
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec(*read_file(fs::path(source_dir()) / "fixtures/state" / name));
    return path;
  }
  SystemClock clock_;
};

class OldSchemaTest : public SchemaTest, public testing::WithParamInterface<int> {};

TEST_P(OldSchemaTest, IsReadAndWritten) {
  const fs::path path = from_fixture("v" + std::to_string(GetParam()) + ".sql");
  const auto store = *open_sqlite_store(path, clock_);
  const Result<Snapshot> loaded = store->load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->lineage, "5f2d1c0b9a8e7f6d5c4b3a2918070605");
  EXPECT_EQ(loaded->serial, 7);
  EXPECT_EQ(loaded->cluster, ClusterName{"demo"});
  ASSERT_EQ(loaded->nodes.size(), 2U);
  EXPECT_EQ(loaded->nodes.at({"gpu-1"}).phase, Phase::kFailed);
  EXPECT_EQ(loaded->nodes.at({"head"}).applied.setup, Digest{"00000000000000000004"});
  ASSERT_EQ(loaded->open.size(), 1U);
  EXPECT_EQ(loaded->open[0].action, (Action{CreateNodes{{"gpu"}, {{"gpu-2"}}}}));
  EXPECT_EQ(loaded->overrides.max_workers, 5);
  EXPECT_EQ(store->journal(10)->size(), 2U);
  EXPECT_EQ(store->history(10)->size(), 1U);
  EXPECT_EQ(*store->begin({{"t"}, StopRay{}, {}}, 7), 8);
  SQLite::Database database(path.string(), SQLite::OPEN_READONLY);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), kSchemaVersion);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, OldSchemaTest, testing::Range(1, kSchemaVersion + 1));

TEST_F(SchemaTest, TheFutureIsRefusedAndLeftAsItIs) {
  const fs::path path = from_fixture("future.sql");
  const std::string before = *read_file(path);
  const auto store = *open_sqlite_store(path, clock_);
  for (const Error& error : {store->load().error(), store->begin({{"t"}, StopRay{}, {}}, 0).error(),
                             store->replace({}, 0).error(), store->history(1).error()}) {
    EXPECT_EQ(error.code, ErrorCode::kStateTooNew);
    EXPECT_NE(error.message.find("schema 999"), std::string::npos) << error.message;
  }
  EXPECT_EQ(*read_file(path), before);
}

/// The tables and columns of a database, in words that can be compared.
std::string shape(SQLite::Database& database) {
  SQLite::Statement rows(database,
                         "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL "
                         "ORDER BY name");
  std::string text;
  while (rows.executeStep())
    text += rows.getColumn(2).getString() + "\n";
  return text;
}

TEST_F(SchemaTest, TheNewestFixtureHasTheNewestShape) {
  const fs::path path = from_fixture("v" + std::to_string(kSchemaVersion) + ".sql");
  SQLite::Database fixture(path.string(), SQLite::OPEN_READONLY);
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE);
  for (const char* step : kSchemaSteps)
    fresh.exec(step);
  EXPECT_EQ(shape(fixture), shape(fresh));
}

}  // namespace
}  // namespace rayctl
