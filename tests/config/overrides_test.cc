#include <gtest/gtest.h>

#include "tests/config/support.h"

namespace rayctl {
namespace {

constexpr char kYaml[] = R"(
max_workers: 4
provider: {type: process}
available_node_types:
  head: {node_config: {}}
  a: {min_workers: 1, max_workers: 2, node_config: {}}
  b: {min_workers: 1, node_config: {}}
head_node_type: head
)";

Parsed with(ParseOptions options) {
  options.check_mounts = false;
  return parse_config(kYaml, "/here/cluster.yaml", options);
}

std::vector<int> mins_and_maxes(const Parsed& parsed) {
  EXPECT_TRUE(parsed.config) << listed(parsed);
  if (!parsed.config) return {};
  const auto& types = parsed.config->node_types;
  return {types.at(1).min_workers, types.at(1).max_workers, types.at(2).min_workers,
          types.at(2).max_workers};
}

TEST(Overrides, MinWorkersFillTheFirstTypesFirst) {
  EXPECT_EQ(mins_and_maxes(with({})), (std::vector<int>{1, 2, 1, 4}));
  EXPECT_EQ(mins_and_maxes(with({.min_workers = 3})), (std::vector<int>{2, 2, 1, 4}));
  EXPECT_EQ(mins_and_maxes(with({.min_workers = 4})), (std::vector<int>{2, 2, 2, 4}));
  EXPECT_EQ(mins_and_maxes(with({.min_workers = 1})), (std::vector<int>{1, 2, 0, 4}));
  EXPECT_EQ(mins_and_maxes(with({.min_workers = 0})), (std::vector<int>{0, 2, 0, 4}));
  EXPECT_EQ(listed(with({.min_workers = 5})),
            "2:1: error: --min-workers=5 is more than max_workers allows | "
            "raise max_workers in the file, or pass --max-workers too\n");
}

TEST(Overrides, MaxWorkersReachTheTypesWithoutOne) {
  Parsed parsed = with({.max_workers = 6});
  EXPECT_EQ(mins_and_maxes(parsed), (std::vector<int>{1, 2, 1, 6}));
  EXPECT_EQ(parsed.config->max_workers, 6);
  EXPECT_EQ(mins_and_maxes(with({.min_workers = 6, .max_workers = 6})),
            (std::vector<int>{2, 2, 4, 6}));
  EXPECT_FALSE(with({.max_workers = -1}).config);
}

TEST(Overrides, TheNameIsChecked) {
  EXPECT_EQ(with({.cluster_name = "other"}).config->cluster.text, "other");
  EXPECT_FALSE(with({.cluster_name = "../up"}).config);
}

}  // namespace
}  // namespace rayctl
