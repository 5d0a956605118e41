#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/parallel.h"
#include "providers/gcp/credentials.h"
#include "tests/support/fake_clock.h"

namespace rayctl::gcp {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class TokenCacheTest : public ::testing::Test {
 protected:
  TokenCacheTest()
      : cache_(
            [this](Time) -> Result<Token> {
              const int look = ++looks_;
              if (on_look_) on_look_();
              if (failing_) return permanent(ErrorCode::kCredentials, "not now");
              Token token;
              token.text = "T" + std::to_string(look);
              if (lifetime_) token.expires = clock_.now() + *lifetime_;
              return token;
            },
            clock_) {}
  std::string token() {
    const Result<Token> found = cache_.get(clock_.now() + minutes{1});
    return found ? found->text : found.error().message;
  }

  FakeClock clock_;
  std::atomic<int> looks_ = 0;
  bool failing_ = false;
  std::function<void()> on_look_;
  std::optional<seconds> lifetime_ = seconds{3599};
  TokenCache cache_;
};

TEST_F(TokenCacheTest, ATokenThatLastsIsLookedUpOnce) {
  lifetime_.reset();
  EXPECT_EQ(token(), "T1");
  clock_.turn(std::chrono::hours{1000});
  EXPECT_EQ(token(), "T1");
}

TEST_F(TokenCacheTest, RenewedFiveMinutesBeforeItExpires) {
  EXPECT_EQ(token(), "T1");
  clock_.turn(minutes{54});
  EXPECT_EQ(token(), "T1");
  clock_.turn(minutes{1});
  EXPECT_EQ(token(), "T2");
  EXPECT_EQ(looks_, 2);
}

TEST_F(TokenCacheTest, TheOldOneServesWhileOneCallerLooks) {
  EXPECT_EQ(token(), "T1");
  clock_.turn(minutes{56});
  std::string meanwhile;
  on_look_ = [&] {
    std::thread other([&] { meanwhile = token(); });
    other.join();
  };
  EXPECT_EQ(token(), "T2");
  EXPECT_EQ(meanwhile, "T1");
}

TEST_F(TokenCacheTest, TheOldOneServesWhileANewOneCannotBeHad) {
  EXPECT_EQ(token(), "T1");
  failing_ = true;
  clock_.turn(minutes{56});
  EXPECT_EQ(token(), "T1");
  EXPECT_EQ(token(), "T1");
  EXPECT_EQ(looks_, 2);  // not tried again within half a minute
  clock_.turn(seconds{31});
  EXPECT_EQ(token(), "T1");
  EXPECT_EQ(looks_, 3);
  clock_.turn(minutes{4});
  EXPECT_EQ(token(), "not now");
  failing_ = false;
  EXPECT_EQ(token(), "T5");
}

TEST_F(TokenCacheTest, ARejectedOneIsLookedForAgainOnceForAll) {
  const auto first = cache_.get(clock_.now());
  ASSERT_TRUE(first.ok());
  cache_.reject(*first);
  EXPECT_EQ(token(), "T2");
  cache_.reject(*first);
  EXPECT_EQ(token(), "T2");
}

TEST_F(TokenCacheTest, ATokenThatHardlyLastsIsNotAskedForAllTheTime) {
  lifetime_ = seconds{120};
  EXPECT_EQ(token(), "T1");
  EXPECT_EQ(token(), "T1");
  clock_.turn(seconds{31});
  EXPECT_EQ(token(), "T2");
  lifetime_ = seconds{10};
  clock_.turn(seconds{31});
  EXPECT_EQ(token(), "T3");
  clock_.turn(seconds{10});
  EXPECT_EQ(token(), "T4");  // never one that is over
}

TEST_F(TokenCacheTest, ManyThreadsLookOnce) {
  for_each_index(50, 10, [&](std::size_t) { (void)cache_.get(clock_.now()); });
  EXPECT_EQ(looks_, 1);
}

}  // namespace
}  // namespace rayctl::gcp
