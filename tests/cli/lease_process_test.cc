#include "cli/autoscale/lease_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "cli/autoscale/lease_keeper.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

class LeaseProcess : public testing::Test {
 public:
  LeaseProcess() {
    std::string pattern = testing::TempDir() + "lease-XXXXXX";
    home = ::mkdtemp(pattern.data());
    runner = std::make_unique<LocalRunner>(
        LocalRunnerSettings{.home = home, .env = {{"PATH", std::getenv("PATH")}}});
  }
  ~LeaseProcess() override { std::filesystem::remove_all(home); }
  Time soon() { return clock.now() + Millis{20'000}; }
  bool gone(const std::string& process) { return process_gone(*runner, process, soon()); }

  SystemClock clock;
  std::filesystem::path home;
  std::unique_ptr<LocalRunner> runner;
};

TEST_F(LeaseProcess, IsGoneOnlyWhenItProvablyEnded) {
  const std::string me = this_process();
  EXPECT_FALSE(gone(me));
  EXPECT_FALSE(gone(""));
  EXPECT_FALSE(gone("a b c d"));
  std::vector<std::string> parts = split(me, ' ');
  ASSERT_EQ(parts.size(), 4U);
  const auto with = [&](std::size_t at, const std::string& other) {
    std::vector<std::string> changed = parts;
    changed[at] = other;
    return join(changed, " ");
  };
  EXPECT_TRUE(gone(with(3, "1")));            // its number is another process's now
  EXPECT_FALSE(gone(with(0, "other-boot")));  // on another machine, or before a reboot
  EXPECT_FALSE(gone(with(1, "pid:[1]")));     // in a container
}

TEST_F(LeaseProcess, AKilledHoldersLeaseIsTakenAtOnce) {
  const auto file = shared_file(*runner, "~/lease");
  const pid_t child = ::fork();
  if (child == 0) {
    Lease lease(*file, this_party("child", LeaseKind::kAutoscaler, "0.4"), clock);
    const Result<LeaseAnswer> answer = lease.try_take();
    if (!answer || *answer != LeaseAnswer::kTaken) ::_exit(1);
    for (;;)
      ::pause();
  }
  Lease mine(*file, this_party("me", LeaseKind::kAutoscaler, "0.4"), clock,
             gone_on(*runner, clock));
  while (!file->read(soon())->text)
    ASSERT_TRUE(clock.sleep(Millis{20}, {}));
  EXPECT_EQ(*mine.try_take(), LeaseAnswer::kHeld);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(*mine.try_take(), LeaseAnswer::kTaken);
  EXPECT_EQ(mine.seen()->epoch, 2);
}

TEST_F(LeaseProcess, AKeeperSeesAnOperatorWhoWaits) {
  const auto file = shared_file(*runner, "~/lease");
  Lease mine(*file, this_party("me", LeaseKind::kAutoscaler, "0.4"), clock);
  ASSERT_EQ(*mine.try_take(), LeaseAnswer::kTaken);
  std::atomic<bool> told = false;
  LeaseKeeper keeper(mine, clock, [&](LeaseWish wish) {
    EXPECT_EQ(wish, LeaseWish::kYield);
    told = true;
    EXPECT_TRUE(mine.release());
  });
  Lease ana(*file, this_party("ana", LeaseKind::kOperator, "0.4"), clock);
  EXPECT_TRUE(ana.take(Millis{0}, {}));
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace rayctl
