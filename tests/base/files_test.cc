#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "rayctl-files-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  static unsigned mode_of(const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions()) & 0777U;
  }
  fs::path folder_;
};

TEST_F(FilesTest, WritesAndReads) {
  const fs::path file = folder_ / "x";
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(write_file_atomic(file, bytes));
  EXPECT_EQ(*read_file(file), bytes);
  EXPECT_EQ(mode_of(file), 0600U);
  ASSERT_TRUE(write_file_atomic(file, "new", 0640));
  EXPECT_EQ(*read_file(file), "new");
  EXPECT_EQ(mode_of(file), 0640U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);  // nothing left beside it
}

TEST_F(FilesTest, ReadsNoMoreThanAllowed) {
  ASSERT_TRUE(write_file_atomic(folder_ / "x", "12345"));
  EXPECT_TRUE(read_file(folder_ / "x", 5));
  const Result<std::string> large = read_file(folder_ / "x", 4);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kIo);
}

TEST_F(FilesTest, SaysWhatCannotBeRead) {
  const Result<std::string> missing = read_file(folder_ / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "cannot read " + (folder_ / "none").string() + ": No such file or directory");
  EXPECT_FALSE(read_file(folder_));
}

TEST_F(FilesTest, FailedWriteLeavesTheOldFile) {
  ASSERT_TRUE(make_directories(folder_ / "x"));
  EXPECT_FALSE(write_file_atomic(folder_ / "x", "bytes"));
  EXPECT_FALSE(write_file_atomic(folder_ / "none" / "x", "bytes"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(FilesTest, MakesFoldersForTheOwnerAlone) {
  ASSERT_TRUE(make_directories(folder_ / "a" / "b"));
  EXPECT_EQ(mode_of(folder_ / "a"), 0700U);
  EXPECT_EQ(mode_of(folder_ / "a" / "b"), 0700U);
  EXPECT_TRUE(make_directories(folder_ / "a" / "b"));
  ASSERT_TRUE(write_file_atomic(folder_ / "file", ""));
  EXPECT_FALSE(make_directories(folder_ / "file" / "c"));
  EXPECT_FALSE(make_directories(folder_ / "file"));
}

TEST_F(FilesTest, Homes) {
  EXPECT_EQ(expand_home("~", "/h"), "/h");
  EXPECT_EQ(expand_home("~/x", "/h"), "/h/x");
  EXPECT_EQ(expand_home("~ana/x", "/h"), "~ana/x");
  EXPECT_EQ(expand_home("/a/~", "/h"), "/a/~");
  EXPECT_FALSE(home_directory().empty());
}

TEST_F(FilesTest, StateHome) {
  setenv("XDG_STATE_HOME", "/somewhere", 1);
  EXPECT_EQ(state_home(), "/somewhere/rayctl");
  setenv("XDG_STATE_HOME", "relative", 1);  // the XDG specification: to be ignored
  EXPECT_EQ(state_home(), fs::path(home_directory()) / ".local/state/rayctl");
  unsetenv("XDG_STATE_HOME");
  EXPECT_EQ(state_home(), fs::path(home_directory()) / ".local/state/rayctl");
}

}  // namespace
}  // namespace rayctl
