#include "tests/contract/command_runner_contract.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "base/text.h"

namespace rayctl {
namespace {

Command sh(const std::string& script) {
  return {{"sh", "-c", script}, {}, ""};
}

TEST_P(CommandRunnerContract, GivesOutputsAndExitCode) {
  const auto ran = runner.run(sh("echo out; echo err >&2; exit 3"), soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit_code, 3);
  EXPECT_EQ(ran->out, "out\n");
  EXPECT_EQ(ran->err, "err\n");
}

TEST_P(CommandRunnerContract, RunsInTheHomeFolder) {
  const auto ran = runner.run(sh("pwd -P; echo \"$HOME\""), soon());
  ASSERT_TRUE(ran);
  const std::string home = std::filesystem::canonical(under_test.home).string();
  EXPECT_EQ(ran->out, home + "\n" + under_test.home.string() + "\n");
}

TEST_P(CommandRunnerContract, ArgumentsAreNotShellText) {
  const std::string nasty = "a b;$(touch hit) `touch hit` 'x' \"y\" \\ *\nz";
  const auto ran = runner.run({{"printf", "%s", nasty}, {}, ""}, soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, nasty);
  EXPECT_FALSE(std::filesystem::exists(under_test.home / "hit"));
}

TEST_P(CommandRunnerContract, PassesEnvironmentAndInput) {
  const std::string input(300'000, 'x');
  const auto ran =
      runner.run({{"sh", "-c", "echo \"$WORD\"; wc -c"}, {{"WORD", "a 'b'"}}, input}, soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "a 'b'\n300000\n");
}

TEST_P(CommandRunnerContract, InputThatIsNotReadDoesNoHarm) {
  const auto ran = runner.run({{"true"}, {}, std::string(1'000'000, 'x')}, soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->exit_code, 0);
}

// Bytes in a pattern, and how many of them were asked for.
class Pattern final : public ByteSource {
 public:
  explicit Pattern(std::uint64_t size) : left_(size) {}
  std::size_t read(char* buffer, std::size_t size) override {
    const std::size_t part = std::min<std::uint64_t>(size, left_);
    std::fill_n(buffer, part, 'p');
    left_ -= part;
    given += part;
    return part;
  }
  std::uint64_t given = 0;

 private:
  std::uint64_t left_;
};

TEST_P(CommandRunnerContract, AStreamFollowsTheInput) {
  constexpr std::uint64_t kSize = (64U << 20) + 1;
  const auto ran = runner.run({{"sh", "-c", "read -r word; echo $word; wc -c"},
                               {},
                               "first\n",
                               std::make_shared<Pattern>(kSize)},
                              soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "first\n" + std::to_string(kSize) + "\n");
}

TEST_P(CommandRunnerContract, AStreamIsReadNoFasterThanItIsTaken) {
  const auto stream = std::make_shared<Pattern>(1U << 30);
  const auto ran = runner.run({{"sh", "-c", "sleep 0.5; exit 7"}, {}, "", stream}, soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit_code, 7);
  EXPECT_LT(stream->given, 32U << 20);
}

TEST_P(CommandRunnerContract, AStreamAndOutputAtTheSameTime) {
  const auto stream = std::make_shared<Pattern>(16U << 20);
  std::size_t came = 0;
  const auto ran = runner.run({{"cat"}, {}, "", stream}, soon(),
                              [&](std::string_view piece, bool) { came += piece.size(); });
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(came, 16U << 20);
}

TEST_P(CommandRunnerContract, AMissingProgramExitsWith127) {
  const auto ran = runner.run({{"no-such-program-here"}, {}, ""}, soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->exit_code, 127);
  EXPECT_NE(ran->err.find("no-such-program-here"), std::string::npos);
}

TEST_P(CommandRunnerContract, ASignalIs128AndItsNumber) {
  const auto ran = runner.run(sh("kill -KILL $$"), soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->exit_code, 137);
}

TEST_P(CommandRunnerContract, FeedsOutputAsItComes) {
  std::string seen;
  Time first{};
  const auto ran = runner.run(sh("echo one; sleep 0.4; echo two >&2"), soon(),
                              [&](std::string_view piece, bool is_stderr) {
                                if (seen.empty()) first = clock.now();
                                seen += (is_stderr ? "E:" : "O:") + std::string(piece);
                              });
  ASSERT_TRUE(ran);
  EXPECT_EQ(seen, "O:one\nE:two\n");
  EXPECT_GE(clock.now() - first, Millis{300});
}

TEST_P(CommandRunnerContract, ADeadlineEndsTheWholeGroup) {
  const Time before = clock.now();
  const auto ran = runner.run(sh("sleep 60 & echo $! >other; sleep 60"), clock.now() + Millis{500});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::kUnknown);
  EXPECT_LT(clock.now() - before, Millis{5000});
  clock.sleep(Millis{100}, {});
  EXPECT_FALSE(runs(trim(*read_file(under_test.home / "other"))));
}

TEST_P(CommandRunnerContract, DoesNotWaitForWhatIsLeftInTheBackground) {
  const Time before = clock.now();
  const auto ran = runner.run(sh("echo here; sleep 12 &"), soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "here\n");
  EXPECT_LT(clock.now() - before, Millis{9000});
}

TEST_P(CommandRunnerContract, KeepsTheEndOfALongOutput) {
  const auto ran = runner.run(sh("yes 0123456789 | head -c 50000000; echo; echo end"), soon());
  ASSERT_TRUE(ran);
  EXPECT_LE(ran->out.size(), 32U << 20);
  EXPECT_EQ(ran->out.substr(ran->out.size() - 5), "\nend\n");
}

TEST_P(CommandRunnerContract, PutWritesWholeFilesWithTheirMode) {
  ASSERT_TRUE(runner.put(std::string("a\0b", 3), "~/new/folder/file", 0640, soon()));
  const auto file = under_test.home / "new/folder/file";
  EXPECT_EQ(*read_file(file), std::string("a\0b", 3));
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
  ASSERT_TRUE(runner.put("", "~/new/folder/file", 0600, soon()));
  EXPECT_EQ(*read_file(file), "");
}

TEST_P(CommandRunnerContract, UploadAndDownloadCopyAFile) {
  const auto here = std::filesystem::path(testing::TempDir()) / "up-and-down";
  std::string bytes(1'000'000, '\n');
  bytes[77] = '\0';
  std::ofstream(here, std::ios::binary) << bytes;
  ASSERT_TRUE(runner.upload(here, "~/x/y", 0755, soon()));
  EXPECT_EQ(*read_file(under_test.home / "x/y"), bytes);
  ASSERT_TRUE(runner.download("~/x/y", here.string() + ".back", soon()));
  EXPECT_EQ(*read_file(here.string() + ".back"), bytes);
  EXPECT_FALSE(runner.upload(here.string() + ".missing", "~/x/z", 0644, soon()));
  EXPECT_FALSE(std::filesystem::exists(under_test.home / "x/z"));
  EXPECT_FALSE(runner.download("~/x/none", here, soon()));
}

TEST_P(CommandRunnerContract, ManyAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 10; ++round) {
        const std::string text = std::to_string(i * 100 + round);
        const auto ran = runner.run({{"cat"}, {}, text}, soon());
        if (ran && ran->out == text && ran->exit_code == 0) ++good;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(good, 80);
}

}  // namespace
}  // namespace rayctl
