#include "cli/autoscale/place.h"

#include <gtest/gtest.h>

#include "config/config.h"
#include "config/resolve.h"

namespace rayctl {
namespace {

constexpr char kHosts[] =
    "cluster_name: demo\nprovider: {type: local, head_ip: 10.0.0.1, worker_ips: [10.0.0.2]}\n"
    "auth: {ssh_user: ubuntu}\n";
constexpr char kProcess[] =
    "cluster_name: demo\nprovider: {type: process}\n"
    "available_node_types: {head: {node_config: {}}}\nhead_node_type: head\n";

Config config_of(const std::string& text, std::optional<AutoscalerKind> kind = {}) {
  ParseOptions options{.home = "/home/ana", .check_mounts = false};
  options.autoscaler = kind;
  Parsed parsed = parse_config(text, "cluster.yaml", options);
  EXPECT_TRUE(parsed.config) << text;
  return parsed.config.value_or(Config{});
}

AutoscalerPlace place_with(const std::string& text, const char* word) {
  const std::optional<AutoscalerKind> flag = autoscaler_kind(word);
  const Config by_flag = config_of(text, flag);
  const Config by_file = config_of(text + "rayctl: {autoscaler: " + word + "}\n");
  EXPECT_EQ(by_flag.rayctl.autoscaler, by_file.rayctl.autoscaler) << word;
  EXPECT_STREQ(to_text(by_flag.rayctl.autoscaler), word);
  return wanted_place(by_flag);
}

TEST(AutoscalerPlaceTest, FileAndFlagSayWhere) {
  EXPECT_EQ(wanted_place(config_of(kHosts)), AutoscalerPlace::kHead);
  EXPECT_EQ(place_with(kHosts, "rayctl"), AutoscalerPlace::kHead);
  EXPECT_EQ(place_with(kHosts, "operator"), AutoscalerPlace::kHere);
  EXPECT_EQ(place_with(kHosts, "ray"), AutoscalerPlace::kNowhere);
  EXPECT_EQ(place_with(kHosts, "none"), AutoscalerPlace::kNowhere);
  EXPECT_EQ(autoscaler_kind("somewhere"), std::nullopt);
}

TEST(AutoscalerPlaceTest, OnOneMachineTheHeadIsHere) {
  EXPECT_EQ(place_with(kProcess, "rayctl"), AutoscalerPlace::kHere);
  EXPECT_EQ(place_with(kProcess, "operator"), AutoscalerPlace::kHere);
  const std::string plain =
      "cluster_name: demo\nprovider: {type: process}\n"
      "available_node_types: {head: {node_config: {command: [sleep]}}}\n"
      "head_node_type: head\n";
  EXPECT_EQ(wanted_place(config_of(plain)), AutoscalerPlace::kNowhere) << "no Ray, no load";
}

TEST(AutoscalerPlaceTest, WhatOnlyThisMachineKnowsKeepsItHere) {
  EXPECT_EQ(why_not_on_head(config_of(kHosts)), "");
  const std::string secret =
      std::string(kHosts) + "setup_commands: [\"echo secret://env/TOKEN > ~/token\"]\n";
  EXPECT_EQ(why_not_on_head(config_of(secret)), "secret://env/TOKEN is known on this machine only");
}

Snapshot applied(const Config& config, AutoscalerPlace place) {
  Desired desired = resolve(config, Scale{}, {}, "key");
  hand_over(desired, config, place);
  return {.breakdown = desired.breakdown, .autoscaler = desired.autoscaler};
}

TEST(AutoscalerPlaceTest, TheRecordsSayWhereItWasStarted) {
  const Config config = config_of(kHosts);
  const Snapshot head = applied(config, AutoscalerPlace::kHead);
  const Snapshot here = applied(config, AutoscalerPlace::kHere);
  EXPECT_NE(head.autoscaler, here.autoscaler) << "moving it is a change";
  EXPECT_EQ(recorded_place(head), AutoscalerPlace::kHead);
  EXPECT_EQ(recorded_place(here), AutoscalerPlace::kHere);
  EXPECT_EQ(recorded_place(applied(config_of(kProcess), AutoscalerPlace::kHere)),
            AutoscalerPlace::kHere);
  EXPECT_EQ(recorded_place({}), std::nullopt);

  const Desired limits_alone = resolve(config, Scale{}, {}, "key");
  EXPECT_EQ(
      recorded_place({.breakdown = limits_alone.breakdown, .autoscaler = limits_alone.autoscaler}),
      std::nullopt);
}

TEST(AutoscalerPlaceTest, HandedOverAgainElsewhereItIsAsIfOnlyThere) {
  const Config config = config_of(kHosts);
  Desired once = resolve(config, Scale{}, {}, "key"), twice = once;
  hand_over(once, config, AutoscalerPlace::kHere);
  hand_over(twice, config, AutoscalerPlace::kHead);
  hand_over(twice, config, AutoscalerPlace::kHere);
  EXPECT_EQ(once.autoscaler, twice.autoscaler);
  EXPECT_EQ(once.program, twice.program);
  EXPECT_EQ(once.breakdown, twice.breakdown);
}

}  // namespace
}  // namespace rayctl
