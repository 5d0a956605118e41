#include "providers/gcp/labels.h"

#include <gtest/gtest.h>

#include <random>

namespace rayctl::gcp {
namespace {

TEST(Labels, WhatALabelCanHoldStaysAsRayWritesIt) {
  EXPECT_EQ(to_labels(kTagUserNodeType, "ray_worker_small"),
            (Labels{{"ray-user-node-type", "ray_worker_small"}}));
  EXPECT_EQ(to_labels(kTagNodeStatus, "up-to-date"), (Labels{{"ray-node-status", "up-to-date"}}));
  EXPECT_EQ(to_labels(kTagOp, ""), (Labels{{"rayctl-op", ""}}));
}

TEST(Labels, OtherValuesAreBase32BelowTheTagsKey) {
  EXPECT_EQ(to_labels(kTagUserNodeType, "ray.head"),
            (Labels{{"ray-user-node-type-b32", "e9gnibj8clgm8"}}));
  for (const auto& [key, value] : to_labels(kTagApplied, std::string(255, '='))) {
    EXPECT_TRUE(key.size() <= 63 && is_label_value(value)) << key << ": " << value;
  }
}

TEST(Labels, TagsOfAnyBytesAndLengthsComeBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    Tags tags{{kTagApplied, ""}, {kTagUserNodeType, ""}, {kTagNode, "cpu-1"}};
    for (auto& [key, value] : tags) {
      for (std::size_t left = random() % 256; left > 0; --left)
        value += static_cast<char>(random() % 3 == 0 ? random() % 256 : 'a' + random() % 26);
    }
    EXPECT_EQ(from_labels(to_labels(tags)), tags) << round;
  }
}

TEST(Labels, WhatIsNobodysTagIsLeftAsItIs) {
  const Labels labels{{"team", "ml"}, {"odd-b32", "not base32!"}, {"tail-b32-2", "00"}};
  EXPECT_EQ(from_labels(labels), labels);
}

TEST(Labels, AChangeTakesTheOldPartsAway) {
  Labels labels = to_labels({{kTagApplied, std::string(200, '=')}, {"team", "ml"}});
  EXPECT_GT(labels.size(), 4U);
  change_labels(labels, {{kTagApplied, "short"}}, {});
  EXPECT_EQ(labels, (Labels{{kTagApplied, "short"}, {"team", "ml"}}));
  change_labels(labels, {{kTagApplied, "l=0,d=1"}}, {"team"});
  EXPECT_EQ(from_labels(labels), (Tags{{kTagApplied, "l=0,d=1"}}));
  EXPECT_FALSE(labels.contains(kTagApplied));
}

TEST(Labels, AFilterFindsWhatTheLabelsSay) {
  EXPECT_EQ(label_filter(kTagClusterName, "demo"), "(labels.ray-cluster-name = \"demo\")");
  EXPECT_EQ(label_filter(kTagClusterName, "Demo"), "(labels.ray-cluster-name-b32 = \"8himqro\")")
      << label_filter(kTagClusterName, "Demo");
}

}  // namespace
}  // namespace rayctl::gcp
