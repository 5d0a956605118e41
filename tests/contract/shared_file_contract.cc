#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "tests/contract/command_runner_contract.h"
#include "transport/shared_file.h"

namespace rayctl {
namespace {

constexpr char kPath[] = "~/.rayctl/shared/a lease";

TEST_P(SharedFileContract, TheFirstChangeMakesItAndLaterOnesStartFromWhatStandsThere) {
  const auto file = shared_file(runner, kPath);
  EXPECT_EQ(*file->read(soon()), SharedText{});
  EXPECT_FALSE(std::filesystem::exists(under_test.home / ".rayctl/shared"));
  EXPECT_TRUE(file->swap(std::nullopt, "one\n", soon())->done);
  EXPECT_EQ(*file->read(soon())->text, "one\n");
  const Result<Swapped> late = file->swap(std::nullopt, "other", soon());
  ASSERT_TRUE(late);
  EXPECT_FALSE(late->done);
  EXPECT_EQ(late->found.text, "one\n");
  EXPECT_FALSE(file->swap("none", "other", soon())->done);
  EXPECT_TRUE(file->swap("one\n", "", soon())->done);
  EXPECT_EQ(file->read(soon())->text, "");
  EXPECT_TRUE(file->swap("", "'$(boom)' \"x\"\n\n", soon())->done);
  EXPECT_EQ(file->read(soon())->text, "'$(boom)' \"x\"\n\n");
}

TEST_P(SharedFileContract, OnlyTheOwnerMayReadItAndNothingElseIsLeft) {
  const auto file = shared_file(runner, kPath);
  ASSERT_TRUE(file->swap(std::nullopt, "one", soon())->done);
  ASSERT_FALSE(file->swap("two", "three", soon())->done);
  std::size_t files = 0;
  const std::filesystem::path folder = under_test.home / ".rayctl/shared";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 2U);  // and its lock
}

TEST_P(SharedFileContract, OfManyChangesFromOneTextOneIsDone) {
  const auto file = shared_file(runner, kPath);
  for (int round = 0; round < 3; ++round) {
    const std::optional<std::string> from = file->read(soon())->text;
    std::atomic<int> done = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const std::string mine = std::to_string(round) + "-" + std::to_string(i);
        const Result<Swapped> swapped = file->swap(from, mine, soon());
        ASSERT_TRUE(swapped) << swapped.error().message;
        if (swapped->done) ++done;
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    EXPECT_EQ(done, 1);
  }
}

TEST_P(SharedFileContract, ItsAgeIsThatOfTheLastChangeUnlessItIsKept) {
  const auto file = shared_file(runner, kPath);
  ASSERT_TRUE(file->swap(std::nullopt, "one", soon())->done);
  EXPECT_LE(file->read(soon())->age, Millis{5'000});
  const std::filesystem::path path = under_test.home / ".rayctl/shared/a lease";
  const auto age_it = [&](std::chrono::seconds by) {
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - by);
  };
  age_it(std::chrono::seconds(100));
  ASSERT_TRUE(file->swap("one", "two", soon(), true)->done);
  EXPECT_GE(file->read(soon())->age, Millis{99'000});
  EXPECT_GE(file->swap("one", "three", soon())->found.age, Millis{99'000});
  ASSERT_TRUE(file->swap("two", "three", soon())->done);
  EXPECT_LE(file->read(soon())->age, Millis{5'000});
  age_it(std::chrono::seconds(-3'600));  // the clock was set back an hour
  EXPECT_EQ(file->read(soon())->age, Millis{0});
  age_it(std::chrono::seconds(60));
  EXPECT_GE(file->read(soon())->age, Millis{59'000});
}

TEST_P(SharedFileContract, TextThatDoesNotArriveWholeChangesNothing) {
  const auto file = shared_file(runner, kPath);
  ASSERT_TRUE(file->swap(std::nullopt, "one", soon())->done);
  // As a broken connection does it: the machine sees the end of the input early.
  class Cut final : public CommandRunner {
   public:
    explicit Cut(CommandRunner& inner) : inner_(inner) {}
    Result<CommandOutput> run(const Command& command, Time deadline,
                              const OutputSink& sink) override {
      Command cut = command;
      cut.input.resize(cut.input.size() / 2);
      return inner_.run(cut, deadline, sink);
    }
    Result<> upload(const std::filesystem::path&, const std::string&, unsigned, Time) override {
      return {};
    }
    Result<> download(const std::string&, const std::filesystem::path&, Time) override {
      return {};
    }
    Result<> put(std::string_view, const std::string&, unsigned, Time) override { return {}; }

   private:
    CommandRunner& inner_;
  } cut(runner);
  const Result<Swapped> swapped = shared_file(cut, kPath)->swap("one", "two", soon());
  ASSERT_FALSE(swapped);
  EXPECT_EQ(swapped.error().fault, Fault::kTransient);
  EXPECT_EQ(file->read(soon())->text, "one");
}

TEST_P(SharedFileContract, AFolderThatCannotBeMadeIsSaid) {
  std::ofstream(under_test.home / "plain") << "x";
  const Result<Swapped> swapped =
      shared_file(runner, "~/plain/file")->swap(std::nullopt, "one", soon());
  ASSERT_FALSE(swapped);
  EXPECT_EQ(swapped.error().fault, Fault::kPermanent);
  EXPECT_EQ(swapped.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace rayctl
