#include "base/clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace rayctl {
namespace {

TEST(Clock, TimesRoundTrip) {
  for (const char* text :
       {"1970-01-01T00:00:00.000Z", "2026-11-23T11:21:53.007Z", "2024-02-29T23:59:59.999Z",
        "1969-12-31T23:59:59.999Z", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"}) {
    EXPECT_EQ(format_time(parse_time(text)), text);
  }
}

TEST(Clock, KnownMoments) {
  EXPECT_EQ(format_time(Time{Millis{1'795'432'913'007}}), "2026-11-23T11:21:53.007Z");
  EXPECT_EQ(parse_time("2001-09-09T01:46:40.000Z"), Time{Millis{1'000'000'000'000}});
}

TEST(Clock, BeyondFourDigitsIsCut) {
  EXPECT_EQ(format_time(Time::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(Time::min()), "0000-01-01T00:00:00.000Z");
}

TEST(Clock, AnythingElseIsTheEpoch) {
  for (const char* text :
       {"", "now", "2026-11-23", "2026-11-23T11:21:53Z", "2026-11-23 11:21:53.000Z",
        "2026-13-01T00:00:00.000Z", "2025-02-29T00:00:00.000Z", "2026-01-01T24:00:00.000Z",
        "2026-01-01T00:60:00.000Z", "2026-01-01T00:00:60.000Z", "2026-01-01T00:00:00.00xZ",
        "2026-01-01T00:00:00.000z", "-026-01-01T00:00:00.000Z"}) {
    EXPECT_EQ(parse_time(text), Time{}) << text;
  }
}

TEST(Clock, AgesForPeople) {
  using namespace std::chrono_literals;
  const std::pair<Millis, const char*> cases[] = {
      {-5s, "0 s"},   {0s, "0 s"},       {999ms, "0 s"}, {14s, "14 s"},     {59'999ms, "59 s"},
      {60s, "1 min"}, {3599s, "59 min"}, {3600s, "1 h"}, {86'399s, "23 h"}, {120h, "5 d"}};
  for (const auto& [age, text] : cases)
    EXPECT_EQ(format_age(age), text);
}

TEST(Clock, SleepEndsEarlyWhenTold) {
  SystemClock clock;
  const Time before = clock.now();
  std::jthread sleeper(
      [&](const std::stop_token& stop) { EXPECT_FALSE(clock.sleep(Millis{60'000}, stop)); });
  sleeper.request_stop();
  sleeper.join();
  EXPECT_LT(clock.now() - before, Millis{30'000});
}

TEST(Clock, SleepLastsUnlessTold) {
  SystemClock clock;
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(clock.sleep(Millis{20}, {}));
  EXPECT_GE(std::chrono::steady_clock::now() - before, Millis{20});
}

TEST(Clock, SleepForEverCanBeStopped) {
  SystemClock clock;
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(clock.sleep(Millis::max(), source.get_token()));
}

}  // namespace
}  // namespace rayctl
