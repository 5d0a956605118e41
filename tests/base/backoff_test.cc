#include "base/backoff.h"

#include <gtest/gtest.h>

#include <limits>

namespace rayctl {
namespace {

struct Case {
  const char* name;
  BackoffPolicy policy;
  int retry;
  double random;
  Millis hint;
  Millis expected;
};

void PrintTo(const Case& each, std::ostream* out) {
  *out << each.name;
}

class BackoffTest : public testing::TestWithParam<Case> {};

TEST_P(BackoffTest, WaitsAsLongAs) {
  const Case& each = GetParam();
  EXPECT_EQ(backoff_delay(each.policy, each.retry, each.random, each.hint), each.expected);
}

constexpr Millis kMax = Millis::max();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(
    Table, BackoffTest,
    testing::Values(
        Case{"FirstRetryWhole", {}, 0, 1.0, Millis{0}, Millis{200}},
        Case{"FirstRetryHalf", {}, 0, 0.5, Millis{0}, Millis{100}},
        Case{"NoLuckNoWait", {}, 3, 0.0, Millis{0}, Millis{0}},
        Case{"Doubles", {}, 3, 1.0, Millis{0}, Millis{1600}},
        Case{"StopsAtMost", {}, 6, 1.0, Millis{0}, Millis{10'000}},
        Case{"HugeRetry", {}, std::numeric_limits<int>::max(), 1.0, Millis{0}, Millis{10'000}},
        Case{"NegativeRetry", {}, -7, 1.0, Millis{0}, Millis{200}},
        Case{"OverflowOfDoubling", {Millis{1}, kMax, 5}, 1000, 0.0, Millis{0}, Millis{0}},
        Case{"ServerAsksForMore", {}, 0, 1.0, Millis{60'000}, Millis{60'000}},
        Case{"ServerAsksForLess", {}, 0, 1.0, Millis{5}, Millis{200}},
        Case{"ZeroPolicy", {Millis{0}, Millis{0}, 1}, 5, 1.0, Millis{0}, Millis{0}},
        Case{"FirstAboveMost", {Millis{9000}, Millis{100}, 1}, 0, 1.0, Millis{0}, Millis{100}},
        Case{"NegativePolicy", {Millis{-5}, Millis{-5}, 1}, 2, 1.0, Millis{0}, Millis{0}},
        Case{"RandomAboveOne", {}, 0, 7.0, Millis{0}, Millis{200}},
        Case{"RandomNotANumber", {}, 0, kNan, Millis{3}, Millis{3}}),
    [](const auto& each) { return each.param.name; });

TEST(Backoff, LargestPolicyStaysWithinItsBounds) {
  const Millis delay = backoff_delay({Millis{1}, kMax, 5}, 10'000, 1.0);
  EXPECT_GT(delay, kMax / 2);
  EXPECT_LE(delay, kMax);
}

}  // namespace
}  // namespace rayctl
