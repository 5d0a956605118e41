#include "autoscaler/pacing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rayctl {
namespace {

using Stage = FleetNode::Stage;

Config config() {
  Config config;
  config.max_workers = 20;
  config.head_type = {"head"};
  config.node_types = {{.name = {"head"}},
                       {.name = {"cpu"}, .min_workers = 0, .max_workers = 15},
                       {.name = {"gpu"}, .max_workers = 10}};
  return config;
}

/// `count` nodes of a type with `free` of 4 CPUs.
void add(Fleet& fleet, const char* type, int count, Stage stage = Stage::kRunning,
         double free = 4) {
  for (int i = 0; i < count; ++i) {
    FleetNode node{.name = {type + std::to_string(fleet.nodes.size())}, .type = {type}};
    node.head = node.type.text == "head";
    node.stage = stage;
    node.total = {{"CPU", 4}};
    if (free > 0) node.available = {{"CPU", free}};
    fleet.nodes.push_back(std::move(node));
  }
}

TEST(LaunchLimit, IsAShareOfTheRunningNodesLessThoseOnTheirWay) {
  struct Row {
    double speed;
    int running, asked, starting, limit;
  };
  const double huge = std::numeric_limits<double>::max();
  const std::vector<Row> rows = {
      {1, 0, 0, 0, 5},
      {1, 4, 0, 0, 5},
      {1, 8, 0, 0, 8},
      {1, 8, 3, 2, 3},
      {1, 8, 20, 0, 0},
      {0.25, 100, 0, 0, 25},
      {2, 8, 0, 1, 15},
      {0, 100, 1, 0, 4},
      {-1, 100, 0, 0, 5},
      {huge, 100, 1, 0, 999'999},
      {std::nan(""), 100, 0, 0, 5},
  };
  for (const Row& row : rows) {
    Config with = config();
    with.upscaling_speed = row.speed;
    Fleet fleet;
    add(fleet, "head", 1);
    add(fleet, "cpu", row.running);
    add(fleet, "cpu", row.asked, Stage::kAsked);
    add(fleet, "cpu", row.starting, Stage::kStarting);
    add(fleet, "cpu", 2, Stage::kLeaving);
    add(fleet, "cpu", 2, Stage::kFailed);
    add(fleet, "gpu", 50);
    EXPECT_EQ(launch_limit(with, {"cpu"}, fleet), row.limit)
        << row.speed << " " << row.running << " " << row.asked << " " << row.starting;
  }
}

TEST(UpscalingSpeed, OlderKeyStandsForItWhereItIsNotSet) {
  Config with = config();
  EXPECT_EQ(upscaling_speed(with), 1);
  with.autoscaling_mode = "default";
  EXPECT_EQ(upscaling_speed(with), 1);
  with.autoscaling_mode = "aggressive";
  EXPECT_EQ(upscaling_speed(with), 99'999);
  with.upscaling_speed = 3;
  EXPECT_EQ(upscaling_speed(with), 3);
}

TEST(DefaultWorkerType, IsTheFirstThatIsNotTheHeads) {
  EXPECT_EQ(default_worker_type(config()).text, "cpu");
  Config alone = config();
  alone.node_types.resize(1);
  EXPECT_TRUE(default_worker_type(alone).empty());
  alone.node_types.clear();
  EXPECT_TRUE(default_worker_type(alone).empty());
}

TEST(UsageWish, IsRaysFormula) {
  struct Row {
    const char* name;
    int busy_workers;  // wholly in use
    double head_use;   // 0..1
    std::optional<double> fraction;
    int min, max, wish;
  };
  const std::vector<Row> rows = {
      {"ten busy nodes of which one is the head", 9, 1, 0.8, 0, 15, 12},
      {"nothing in use", 0, 0, 0.8, 0, 15, 0},
      {"half of the head", 0, 0.5, 0.8, 0, 15, 0},
      {"the head alone", 0, 1, 0.8, 0, 15, 1},
      {"default fraction", 9, 1, std::nullopt, 0, 15, 12},
      {"full use is aimed at", 4, 1, 1.0, 0, 15, 4},
      {"max_workers", 14, 1, 0.5, 0, 15, 15},
      {"min_workers", 0, 0, 0.8, 3, 15, 3},
      {"min above max", 0, 0, 0.8, 30, 15, 15},
      {"no fraction at all", 1, 1, 0.0, 0, 15, 15},
      {"max below nothing", 1, 1, 0.8, 0, -1, 0},
  };
  for (const Row& row : rows) {
    Config with = config();
    with.older_form = true;
    with.target_utilization_fraction = row.fraction;
    with.node_types[1].min_workers = row.min;
    with.node_types[1].max_workers = row.max;
    Fleet fleet;
    add(fleet, "head", 1, Stage::kRunning, 4 * (1 - row.head_use));
    add(fleet, "cpu", row.busy_workers, Stage::kRunning, 0);
    add(fleet, "cpu", 3, Stage::kStarting, 0);
    Memory memory;
    EXPECT_EQ(usage_wish(with, fleet, memory), row.wish) << row.name;
  }
}

TEST(UsageWish, LooksAtTheResourceThatIsUsedMost) {
  Config with = config();
  with.target_utilization_fraction = 0.5;
  Fleet fleet;
  add(fleet, "head", 1);
  fleet.nodes[0].total = {{"CPU", 4}, {"GPU", 2}, {"nothing", 0}, {"odd", -1}};
  fleet.nodes[0].available = {{"CPU", 3}, {"GPU", 0.5}, {"odd", 5}};
  Memory memory;
  EXPECT_EQ(usage_wish(with, fleet, memory), 1) << "0.75 of a node at 0.5 are two nodes";
}

TEST(UsageWish, AppliesToTheOlderFormOrWithItsKeyAlone) {
  Memory memory;
  Fleet fleet;
  add(fleet, "head", 1, Stage::kRunning, 0);
  EXPECT_FALSE(usage_wish(config(), fleet, memory));
  Config with = config();
  with.target_utilization_fraction = 0.8;
  EXPECT_EQ(usage_wish(with, fleet, memory), 1);
  with.node_types.resize(1);
  EXPECT_FALSE(usage_wish(with, fleet, memory)) << "no worker type";
}

TEST(UsageWish, HoldsInitialWorkersUntilTheyHaveOnceBeenThere) {
  Config with = config();
  with.older_form = true;
  with.initial_workers = 3;
  Memory memory;
  Fleet fleet;
  add(fleet, "head", 1);
  EXPECT_EQ(usage_wish(with, fleet, memory), 3);
  EXPECT_FALSE(memory.brought_up);
  add(fleet, "cpu", 3);
  EXPECT_EQ(usage_wish(with, fleet, memory), 3);
  EXPECT_TRUE(memory.brought_up);
  EXPECT_EQ(usage_wish(with, fleet, memory), 0);
  with.autoscaling_mode = "aggressive";
  EXPECT_EQ(usage_wish(with, fleet, memory), 0);
  fleet.nodes[0].available["CPU"] = 3;
  EXPECT_EQ(usage_wish(with, fleet, memory), 3) << "as soon as anything is in use";
}

}  // namespace
}  // namespace rayctl
