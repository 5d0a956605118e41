#include <gtest/gtest.h>

#include <iostream>

#include "tests/autoscale/chaos.h"

namespace rayctl {
namespace {

TEST(AutoscaleChaos, MachinesRecordsAndRayAgreeAfterwards) {
  ChaosCounts all;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chaos chaos(seed);
    chaos.rage(80);
    chaos.settle();
    all += chaos.counts;
    if (HasFailure()) break;
  }
  std::cout << "  " << in_words(all) << "\n";
}

}  // namespace
}  // namespace rayctl
