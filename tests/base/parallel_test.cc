#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <vector>

namespace rayctl {
namespace {

TEST(ForEachIndex, CallsOnceForEachAndWaits) {
  for (const std::size_t count : {0U, 1U, 7U, 1000U}) {
    std::vector<std::atomic<int>> calls(count);
    for_each_index(count, 8, [&](std::size_t at) { ++calls[at]; });
    for (const std::atomic<int>& each : calls)
      EXPECT_EQ(each, 1);
  }
}

TEST(ForEachIndex, RunsAsManyAtOnceAsItMay) {
  std::latch all(4);
  for_each_index(4, 4, [&](std::size_t) { all.arrive_and_wait(); });
  std::atomic<int> running = 0, most = 0;
  for_each_index(50, 3, [&](std::size_t) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    --running;
  });
  EXPECT_LE(most, 3);
}

TEST(ForEachIndex, AnExceptionEndsItAndIsThrownAgain) {
  for (const std::size_t at_once : {1U, 4U}) {
    std::atomic<int> calls = 0;
    const auto fail_at_once = [&](std::size_t) {
      ++calls;
      throw std::runtime_error("no");
    };
    EXPECT_THROW(for_each_index(1000, at_once, fail_at_once), std::runtime_error);
    EXPECT_LE(calls, static_cast<int>(at_once));
  }
}

}  // namespace
}  // namespace rayctl
