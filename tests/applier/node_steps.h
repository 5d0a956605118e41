#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/applier/lab.h"

namespace rayctl {

/// A cluster of fake machines that plans are applied to, one step after the other.
struct NodeSteps : Lab, testing::Test {
  std::string status_tag(const std::string& node) {
    return fake.machine(node).node.tags.at(kTagNodeStatus);
  }
  void up(int workers) {
    plan_cluster(workers);
    const auto report = apply();
    ASSERT_TRUE(report && report->complete()) << errors_of(report);
  }
  int times_ran(const std::string& line) {
    return static_cast<int>(std::count_if(fake.ran.begin(), fake.ran.end(),
                                          [&](const auto& each) { return each.second == line; }));
  }
};

}  // namespace rayctl
