#include "cli/autoscale/tick_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/files.h"
#include "tests/autoscaler/tick_example.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class TickLogTest : public testing::Test {
 protected:
  TickLogTest()
      : folder_(fs::temp_directory_path() / ("rayctl-ticks-" + std::to_string(getpid()))) {}
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  TickLog open(TickLogSize size = {}) {
    Result<TickLog> log = TickLog::open(folder_, size);
    EXPECT_TRUE(log.ok());
    return *std::move(log);
  }
  static Tick tick(std::int64_t number) {
    return examples::tick(number, examples::kBegin + Millis{5'000} * number);
  }
  /// Numbers of the ticks that can be read, each of which must be as it was written.
  std::vector<std::int64_t> read(std::size_t last = 1000, std::size_t unreadable = 0) {
    std::vector<std::int64_t> numbers;
    const Result<std::size_t> result = read_ticks(
        folder_,
        [&](const Tick& each) {
          numbers.push_back(each.number);
          EXPECT_EQ(to_json(each), to_json(tick(each.number)));
        },
        last);
    EXPECT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result ? *result : 1000, unreadable);
    return numbers;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> files(fs::directory_iterator(folder_), {});
    std::sort(files.begin(), files.end());
    return files;
  }

  fs::path folder_;
};

TEST_F(TickLogTest, GivesBackWhatWasWritten) {
  TickLog log = open();
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(log.next_number(), i);
    ASSERT_TRUE(log.append(tick(i)).ok());
  }
  EXPECT_EQ(read(), (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(read(2), (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(open().next_number(), 5);
}

TEST_F(TickLogTest, WritesATickLikeTheOneBeforeShort) {
  TickLog log = open();
  ASSERT_TRUE(log.append(tick(1)).ok());
  const auto whole = fs::file_size(files()[0]);
  ASSERT_TRUE(log.append(tick(2)).ok());
  EXPECT_LT(fs::file_size(files()[0]), whole + whole / 2);
}

TEST_F(TickLogTest, KeepsTheNewestFiles) {
  TickLog log = open({.file = 10, .files = 3});
  for (int i = 1; i <= 7; ++i)
    ASSERT_TRUE(log.append(tick(i)).ok());
  EXPECT_EQ(files().size(), 3U);
  EXPECT_EQ(read(), (std::vector<std::int64_t>{5, 6, 7}));
  EXPECT_EQ(open().next_number(), 8);
}

TEST_F(TickLogTest, OutlivesAKillAtAnyByte) {
  {
    TickLog log = open();
    ASSERT_TRUE(log.append(tick(1)).ok());
    ASSERT_TRUE(log.append(tick(2)).ok());
    ASSERT_TRUE(log.append(tick(3)).ok());
  }
  const fs::path file = files()[0];
  const std::string text = *read_file(file);
  const std::size_t second = text.find('\n', text.find('\n') + 1);
  for (std::size_t size = second + 2; size + 1 < text.size(); ++size) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text.substr(0, size);
    EXPECT_EQ(read(1000, 1), (std::vector<std::int64_t>{1, 2})) << size;
    if (size % 50 != 0) continue;
    TickLog log = open();
    EXPECT_EQ(log.next_number(), 3);
    ASSERT_TRUE(log.append(tick(3)).ok());
    EXPECT_EQ(read(1000, 1), (std::vector<std::int64_t>{1, 2, 3})) << size;
  }
}

TEST_F(TickLogTest, PassesOverWhatRestsOnABrokenLine) {
  {
    TickLog log = open();
    for (int i = 1; i <= 3; ++i)
      ASSERT_TRUE(log.append(tick(i)).ok());
  }
  std::string text = *read_file(files()[0]);
  text[text.find('\n') + 5] = '?';
  std::ofstream(files()[0], std::ios::binary | std::ios::trunc) << text;
  TickLog log = open();
  ASSERT_TRUE(log.append(tick(4)).ok());
  EXPECT_EQ(read(1000, 2), (std::vector<std::int64_t>{1, 4}));
}

TEST_F(TickLogTest, SaysWhenThereIsNoneOrATooNewOne) {
  const auto nothing = [](const Tick&) { ADD_FAILURE(); };
  EXPECT_EQ(read_ticks(folder_, nothing).error().code, ErrorCode::kStateMissing);
  fs::create_directories(folder_);
  std::ofstream(folder_ / "ticks-000000000001.ndjson") << R"({"format_version":"2.0","number":1})";
  EXPECT_EQ(read_ticks(folder_, nothing).error().code, ErrorCode::kStateTooNew);
  EXPECT_EQ(read_ticks(folder_ / "x", nothing).error().code, ErrorCode::kStateMissing);
  EXPECT_EQ(TickLog::open("/proc/nowhere").error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace rayctl
