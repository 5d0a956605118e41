#include "cli/autoscale/version_guard.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.h"
#include "cli/autoscale/bundle_facts.h"
#include "cli/autoscale/lease_record.h"
#include "cli/autoscale/program_version.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

TEST(ProgramVersion, IsComparedNumberByNumber) {
  for (const auto& [older, newer] : {std::pair{"0.9.1", "0.10"}, std::pair{"0.4", "1"},
                                     std::pair{"0.4", "0.4.1"}, std::pair{"0.4-dev", "0.5"}}) {
    EXPECT_TRUE(older_version(older, newer)) << older;
    EXPECT_FALSE(older_version(newer, older)) << older;
  }
  for (const auto& [one, other] : {std::pair{"0.4", "0.4.0"}, std::pair{"", "0.4"},
                                   std::pair{"0.4-dev", "0.4"}, std::pair{"", ""}}) {
    EXPECT_FALSE(older_version(one, other)) << one;
    EXPECT_FALSE(older_version(other, one)) << one;
  }
}

TEST(ProgramVersion, AnOlderProgramIsToldBothVersions) {
  EXPECT_TRUE(guard_version("0.4", "0.4", "the head"));
  EXPECT_TRUE(guard_version("0.4", "", "the head"));
  const Result<> refused = guard_version("0.4", "0.5", "the head");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kConflict);
  EXPECT_EQ(refused.error().message, "this is rayctl 0.4, and rayctl 0.5 works on the head");
  EXPECT_EQ(error_code_info(refused.error().code).exit_class, ExitClass::kStale);
}

TEST(VersionGuard, LooksAtTheHeadsLeaseAndBundles) {
  std::string pattern = testing::TempDir() + "guard-XXXXXX";
  const std::filesystem::path home = ::mkdtemp(pattern.data());
  LocalRunner runner({.home = home, .env = {{"PATH", std::getenv("PATH")}}});
  const Time soon = SystemClock().now() + Millis{20'000};
  const auto fine = [&](const std::string& mine) {
    const Result<> guarded = guard_head_version(runner, mine, soon);
    EXPECT_TRUE(guarded || guarded.error().code == ErrorCode::kOlderProgram);
    return guarded.ok();
  };
  EXPECT_TRUE(fine("0.4"));  // nothing there
  const std::filesystem::path folder = home / ".rayctl/autoscaler";
  BundleFacts facts;
  facts.version = "0.5";
  ASSERT_TRUE(make_directories(folder / "bundle-1"));
  ASSERT_TRUE(write_file_atomic(folder / "bundle-1/bundle.json", encode(facts)));
  EXPECT_FALSE(fine("0.4"));
  EXPECT_TRUE(fine("0.5"));
  LeaseRecord lease;
  lease.autoscaler = "0.6";
  ASSERT_TRUE(write_file_atomic(folder / "lease", encode(lease)));
  EXPECT_FALSE(fine("0.5"));
  lease.successor = "0.7";
  ASSERT_TRUE(write_file_atomic(folder / "lease", encode(lease)));
  EXPECT_FALSE(fine("0.6"));
  EXPECT_TRUE(fine("0.7"));
  lease.ended = true;
  ASSERT_TRUE(write_file_atomic(folder / "lease", encode(lease)));
  EXPECT_TRUE(fine("0.4"));
  std::filesystem::remove_all(home);
}

}  // namespace
}  // namespace rayctl
