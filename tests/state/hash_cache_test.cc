#include <SQLiteCpp/SQLiteCpp.h>

#include <fstream>

#include "base/digest.h"
#include "base/files.h"
#include "state/sqlite_hash_cache.h"
#include "tests/state/temp_folder.h"

namespace rayctl {

bool operator==(const HashedFile& a, const HashedFile& b) {
  return a.path == b.path && a.stamp == b.stamp && a.sha256 == b.sha256;
}

namespace {

using Files = std::vector<HashedFile>;

HashedFile file(const std::string& path, std::uint64_t size = 1) {
  return {path,
          {.device = 1, .inode = 2, .size = size, .mtime_ns = -3, .ctime_ns = 4},
          sha256_hex(path)};
}

class HashCacheTest : public TempFolderTest {
 protected:
  std::filesystem::path path() const { return folder_ / "demo" / "hashes.db"; }
  std::unique_ptr<HashCache> open() { return open_sqlite_hash_cache(path()); }
};

TEST_F(HashCacheTest, EmptyAndUntouchedAtFirst) {
  EXPECT_TRUE(open()->load("/a").empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(HashCacheTest, GivesBackWhatWasStored) {
  const Files files = {file("/a/x"), file("/a/y/z"), file("/a/\xC3\xA9\n'")};
  open()->store("/a", files);
  const Files loaded = open()->load("/a");
  ASSERT_EQ(loaded.size(), 3U);
  EXPECT_EQ(loaded[0], file("/a/x"));
  EXPECT_EQ(open()->load("/a/y"), Files{file("/a/y/z")});
  EXPECT_EQ(open()->load("/a/x"), Files{file("/a/x")});
  EXPECT_EQ(open()->load("/a/").size(), 3U);
  EXPECT_EQ(mode_of(path()), 0600U);
}

TEST_F(HashCacheTest, RootsThatOnlyBeginAlikeAreApart) {
  const auto cache = open();
  cache->store("/a", {file("/a/x")});
  cache->store("/a.b", {file("/a.b/x")});
  cache->store("/a0", {file("/a0/x")});
  EXPECT_EQ(cache->load("/a"), Files{file("/a/x")});
  cache->store("/a", {});
  EXPECT_TRUE(cache->load("/a").empty());
  EXPECT_EQ(cache->load("/a.b"), Files{file("/a.b/x")});
  EXPECT_EQ(cache->load("/a0"), Files{file("/a0/x")});
}

TEST_F(HashCacheTest, StoreReplacesWhatIsBelow) {
  const auto cache = open();
  cache->store("/a", {file("/a/gone"), file("/a/same"), file("/a/changed")});
  cache->store("/a", {file("/a/same"), file("/a/new"), file("/a/changed", 9)});
  EXPECT_EQ(cache->load("/a"), (Files{file("/a/changed", 9), file("/a/new"), file("/a/same")}));
}

TEST_F(HashCacheTest, OnlyWhatChangedIsWritten) {
  Files files;
  for (int i = 0; i < 1000; ++i)
    files.push_back(file("/a/" + std::to_string(i)));
  const auto cache = open();
  cache->store("/a", files);
  SQLite::Database database(path().string(), SQLite::OPEN_READWRITE);
  database.exec(
      "CREATE TABLE written (path TEXT);"
      "CREATE TRIGGER i AFTER INSERT ON files BEGIN INSERT INTO written VALUES (new.path); END;"
      "CREATE TRIGGER d AFTER DELETE ON files BEGIN INSERT INTO written VALUES (old.path); END");
  cache->store("/a", files);
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM written").getInt(), 0);
  files[3].stamp.size = 77;
  files.pop_back();
  cache->store("/a", files);
  EXPECT_EQ(database.execAndGet("SELECT group_concat(path) FROM written").getString(),
            "/a/999,/a/3");
}

TEST_F(HashCacheTest, ABrokenCacheIsEmptyAndMadeAnew) {
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(9'000, 'x')}) {
    ASSERT_TRUE(make_directories(path().parent_path()));
    ASSERT_TRUE(write_file_atomic(path(), bytes));
    EXPECT_TRUE(open()->load("/a").empty());
    const auto cache = open();
    cache->store("/a", {file("/a/x")});
    EXPECT_EQ(open()->load("/a"), Files{file("/a/x")});
  }
}

TEST_F(HashCacheTest, ACacheOfAnotherLayoutIsMadeAnew) {
  open()->store("/a", {file("/a/x")});
  SQLite::Database(path().string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  EXPECT_TRUE(open()->load("/a").empty());
  open()->store("/a", {file("/a/y")});
  EXPECT_EQ(open()->load("/a"), Files{file("/a/y")});
}

TEST_F(HashCacheTest, NoPlaceToWriteIsNoError) {
  const auto cache = open_sqlite_hash_cache("/proc/none/hashes.db");
  cache->store("/a", {file("/a/x")});
  EXPECT_TRUE(cache->load("/a").empty());
}

TEST_F(HashCacheTest, FiftyThousandFiles) {
  Files files;
  for (int i = 0; i < 50'000; ++i) {
    files.push_back(file("/home/ana/project/data/part-" + std::to_string(i % 500) + "/file-" +
                         std::to_string(100'000 + i) + ".bin"));
  }
  const auto timed = [](const char* what, auto work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - start;
    std::printf("%-22s %7.1f ms\n", what, spent.count());
  };
  const auto cache = open();
  timed("store 50,000", [&] { cache->store("/home/ana/project", files); });
  Files loaded;
  timed("load 50,000", [&] { loaded = cache->load("/home/ana/project"); });
  EXPECT_EQ(loaded.size(), files.size());
  files[7].stamp.size = 9;
  timed("store again, 1 changed", [&] { cache->store("/home/ana/project", files); });
}

}  // namespace
}  // namespace rayctl
