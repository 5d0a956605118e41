// What only shows with more than one process: locks, kills, crashes.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <random>

#include "base/files.h"
#include "state/sqlite_store.h"
#include "state/store_lock.h"
#include "tests/state/temp_folder.h"

namespace rayctl {
namespace {

/// A forked process that runs `work` and, unless it ends by itself, waits to be killed.
class Child {
 public:
  explicit Child(const std::function<int()>& work) : pid_(fork()) {
    if (pid_ == 0) _exit(work());
  }
  ~Child() { end(SIGKILL); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  /// Sends the signal (0: none), waits, and gives the exit status or minus the signal.
  int end(int signal) {
    if (pid_ <= 0) return 0;
    if (signal != 0) kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

class ProcessesTest : public TempFolderTest {
 protected:
  std::filesystem::path path() const { return folder_ / "state.db"; }
  std::unique_ptr<StateStore> open() { return *open_sqlite_store(path(), clock_); }
  LockInfo mine(const char* purpose) {
    return {"ana@host", static_cast<std::int64_t>(getpid()), purpose, clock_.now()};
  }
  /// Waits until a file is there; false after a while.
  bool appears(const std::filesystem::path& file) {
    for (int i = 0; i < 1000 && !std::filesystem::exists(file); ++i)
      clock_.sleep(Millis{10}, {});
    return std::filesystem::exists(file);
  }

  SystemClock clock_;
};

TEST_F(ProcessesTest, LockIsFreedWhenItsHolderIsKilled) {
  Child holder([&] {
    const auto store = open();
    const auto lock = store->lock(mine("apply cluster.yaml"), Millis{0});
    if (!lock || !write_file_atomic(folder_ / "ready", "")) return 1;
    pause();
    return 0;
  });
  ASSERT_TRUE(appears(folder_ / "ready"));
  const auto store = open();
  const auto info = store->holder();
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->pid, holder.pid());
  const auto refused = store->lock(mine("down"), Millis{0});
  ASSERT_FALSE(refused);
  const std::string& message = refused.error().message;
  EXPECT_NE(message.find("ana@host: apply cluster.yaml (pid " + std::to_string(holder.pid())),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("--lock-timeout"), std::string::npos);
  EXPECT_NE(message.find("rayctl state lock"), std::string::npos);
  EXPECT_EQ(holder.end(SIGKILL), -SIGKILL);
  EXPECT_EQ(*store->holder(), std::nullopt);
  EXPECT_TRUE(store->lock(mine("down"), Millis{0}));
}

TEST_F(ProcessesTest, AWaiterTakesOverFromAKilledHolder) {
  Child holder([&] {
    const auto lock = open()->lock(mine("apply"), Millis{0});
    if (!lock || !write_file_atomic(folder_ / "ready", "")) return 1;
    pause();
    return 0;
  });
  ASSERT_TRUE(appears(folder_ / "ready"));
  Child waiter([&] { return open()->lock(mine("down"), Millis{60'000}) ? 42 : 1; });
  clock_.sleep(Millis{50}, {});
  holder.end(SIGKILL);
  EXPECT_EQ(waiter.end(0), 42);
}

TEST_F(ProcessesTest, ProgramsThatTheHolderStartedDoNotKeepTheLock) {
  pid_t started = 0;
  {
    const auto lock = open()->lock(mine("apply"), Millis{0});
    ASSERT_TRUE(lock);
    std::string sleep = "sleep", seconds = "600";
    char* arguments[] = {sleep.data(), seconds.data(), nullptr};
    ASSERT_EQ(posix_spawn(&started, "/bin/sleep", nullptr, nullptr, arguments, environ), 0);
  }
  EXPECT_TRUE(open()->lock(mine("down"), Millis{0}));
  EXPECT_EQ(kill(started, SIGKILL), 0);
  waitpid(started, nullptr, 0);
}

TEST_F(ProcessesTest, TheDatabaseIsNotInheritedEither) {
  const auto store = open();
  ASSERT_TRUE(store->begin({{"t"}, StopRay{}, {}}, 0));
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (error || !target.string().starts_with(folder_.string())) continue;
    ++seen;
    const int flags = fcntl(std::stoi(entry.path().filename()), F_GETFD);
    EXPECT_NE(flags & FD_CLOEXEC, 0) << target;
  }
  EXPECT_GT(seen, 0);
}

TEST_F(ProcessesTest, OneOfTwoProcessesAtOneSerialWins) {
  ASSERT_TRUE(open()->change_cluster({}, 0));
  for (int round = 1; round <= 10; ++round) {
    const auto attempt = [&] {
      const auto written = open()->begin({{std::to_string(getpid())}, StopRay{}, {}}, round);
      if (written) return 10;
      return written.error().code == ErrorCode::kStateConflict ? 20 : 1;
    };
    Child a(attempt), b(attempt);
    EXPECT_EQ(a.end(0) + b.end(0), 30);
  }
  EXPECT_EQ(open()->load()->open.size(), 10U);
}

TEST_F(ProcessesTest, OfTwoProcessesThatMakeTheStoreOneWins) {
  for (int round = 0; round < 10; ++round) {
    const auto fresh = folder_ / std::to_string(round) / "state.db";
    const auto attempt = [&] {
      const auto written = (*open_sqlite_store(fresh, clock_))->begin({{"t"}, StopRay{}, {}}, 0);
      if (written) return 10;
      return written.error().code == ErrorCode::kStateConflict ? 20 : 1;
    };
    Child a(attempt), b(attempt);
    EXPECT_EQ(a.end(0) + b.end(0), 30);
    EXPECT_EQ((*open_sqlite_store(fresh, clock_))->load()->serial, 1);
  }
}

// A writer that is killed at any moment leaves a store that can be read, in which each write is
// there whole or not at all, and every write that had returned is there.
TEST_F(ProcessesTest, KilledAtAnyMomentLeavesAReadableStore) {
  std::minstd_rand random(20261123);
  int kills = 0;
  std::int64_t writes = 0;
  for (; kills < 40; ++kills) {
    const auto told = folder_ / "told";
    std::filesystem::remove(told);
    Child writer([&] {
      const auto store = open();
      std::int64_t serial = store->load()->serial;
      for (;;) {
        // Two records that must always agree.
        Finished done{.token = {std::to_string(serial)}};
        NodeRecord record{.id = {std::to_string(serial + 1)}};
        done.records = {{NodeName{"a"}, record}, {NodeName{"b"}, record}};
        if (!store->begin({done.token, StopRay{}, {}}, serial)) return 1;
        const auto written = store->finish(done, serial + 1, {});
        if (!written) return 1;
        serial = *written;
        const int out = ::open(told.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (pwrite(out, &serial, sizeof serial, 0) != sizeof serial) return 1;
        ::close(out);
      }
    });
    if (kills % 4 != 0) {
      ASSERT_TRUE(appears(told));
    }  // else: perhaps before its first write
    clock_.sleep(Millis{static_cast<int>(random() % 20)}, {});
    EXPECT_EQ(writer.end(SIGKILL), -SIGKILL);
    const Result<Snapshot> left = open()->load();
    ASSERT_TRUE(left) << left.error().message;
    std::int64_t promised = 0;
    const Result<std::string> bytes = read_file(told);
    if (bytes && bytes->size() == sizeof promised) {
      std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(&promised));
    }
    EXPECT_GE(left->serial, promised);
    writes = left->serial;
    if (!left->nodes.empty()) {
      EXPECT_EQ(left->nodes.at({"a"}), left->nodes.at({"b"}));
    }
    EXPECT_LE(left->open.size(), 1U + static_cast<std::size_t>(kills));
  }
  std::printf("killed %d times within %jd writes\n", kills, static_cast<std::intmax_t>(writes));
  EXPECT_GT(writes, 0);
}

TEST_F(ProcessesTest, HolderIsDescribedForPeople) {
  const LockInfo info{"ana@host", 123, "apply cluster.yaml",
                      parse_time("2026-11-23T14:01:02.000Z")};
  EXPECT_EQ(describe_holder(info, parse_time("2026-11-23T14:01:14.500Z")),
            "ana@host: apply cluster.yaml (pid 123, since 14:01:02 UTC, 12 s ago)");
}

TEST_F(ProcessesTest, AnUnreadableLockFileStillLocks) {
  ASSERT_TRUE(write_file_atomic(path().string() + ".lock", "{\"who\": 7, \"since\": \xFF"));
  EXPECT_EQ(*open()->holder(), std::nullopt);
  const auto lock = open()->lock(mine("apply"), Millis{0});
  ASSERT_TRUE(lock);
  ASSERT_TRUE(write_file_atomic(folder_ / "x", ""));
  std::filesystem::resize_file(path().string() + ".lock", 3);
  ASSERT_TRUE(open()->holder());
  EXPECT_EQ((*open()->holder())->who, "someone");
}

}  // namespace
}  // namespace rayctl
