#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/parallel.h"
#include "providers/aws/credentials.h"
#include "tests/support/fake_clock.h"

namespace rayctl::aws {
namespace {

using std::chrono::minutes;

class CredentialCacheTest : public ::testing::Test {
 protected:
  CredentialCacheTest()
      : cache_(
            [this](Time) -> Result<Credentials> {
              const int look = ++looks_;
              if (failing_) return permanent(ErrorCode::kCredentials, "not now");
              return Credentials{
                  {"K" + std::to_string(look), "s", ""},
                  lifetime_ ? std::optional(clock_.now() + *lifetime_) : std::nullopt,
                  "a test"};
            },
            clock_) {}
  std::string key() {
    const Result<Credentials> found = cache_.get(clock_.now() + minutes{1});
    return found ? found->key.access_key : found.error().message;
  }

  FakeClock clock_;
  std::atomic<int> looks_ = 0;
  bool failing_ = false;
  std::optional<minutes> lifetime_ = minutes{60};
  CredentialCache cache_;
};

TEST_F(CredentialCacheTest, KeysThatLastAreLookedUpOnce) {
  lifetime_.reset();
  EXPECT_EQ(key(), "K1");
  clock_.turn(std::chrono::hours{1000});
  EXPECT_EQ(key(), "K1");
}

TEST_F(CredentialCacheTest, RenewedAQuarterOfAnHourBeforeTheyExpire) {
  EXPECT_EQ(key(), "K1");
  clock_.turn(minutes{44});
  EXPECT_EQ(key(), "K1");
  clock_.turn(minutes{2});
  EXPECT_EQ(key(), "K2");
  EXPECT_EQ(looks_, 2);
}

TEST_F(CredentialCacheTest, OldOnesServeWhileNewOnesCannotBeHad) {
  EXPECT_EQ(key(), "K1");
  failing_ = true;
  clock_.turn(minutes{55});
  EXPECT_EQ(key(), "K1");
  EXPECT_EQ(key(), "K1");
  EXPECT_EQ(looks_, 2);  // not tried again within a minute
  clock_.turn(minutes{2});
  EXPECT_EQ(key(), "K1");
  EXPECT_EQ(looks_, 3);
  clock_.turn(minutes{4});
  EXPECT_EQ(key(), "not now");
  failing_ = false;
  EXPECT_EQ(key(), "K5");
}

TEST_F(CredentialCacheTest, RejectedOnesAreLookedForAgainOnceForAll) {
  const auto first = cache_.get(clock_.now());
  ASSERT_TRUE(first.ok());
  cache_.reject(*first);
  EXPECT_EQ(key(), "K2");
  cache_.reject(*first);
  EXPECT_EQ(key(), "K2");
}

TEST_F(CredentialCacheTest, CredentialsThatHardlyLastAreNotAskedForAllTheTime) {
  lifetime_ = minutes{5};
  EXPECT_EQ(key(), "K1");
  EXPECT_EQ(key(), "K1");
  clock_.turn(minutes{2});
  EXPECT_EQ(key(), "K2");
}

TEST_F(CredentialCacheTest, ManyThreadsLookOnce) {
  for_each_index(50, 10, [&](std::size_t) { (void)cache_.get(clock_.now()); });
  EXPECT_EQ(looks_, 1);
}

}  // namespace
}  // namespace rayctl::aws
