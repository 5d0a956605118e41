#include "gcs/load_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>

#include "gcs/report_message.h"

namespace rayctl {
namespace {

namespace autoscaler = ray::rpc::autoscaler;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

autoscaler::ResourceRequestByCount wish(const Resources& bundle, std::int64_t count) {
  return to_message(Demand{{.bundle = bundle, .selectors = {}}, count});
}

Load demands_only(std::vector<Demand> demands) {
  return {.demands = std::move(demands), .gangs = {}, .asked = {}};
}

// One of everything, as Ray 2.60 sends it.
Load everything() {
  const LabelRule fast{.key = "disk", .in = true, .values = {"nvme", "ssd"}};
  const LabelRule not_spot{.key = "ray.io/market-type", .in = false, .values = {"spot"}};
  const ResourceRequest plain{.bundle = {{"CPU", 1}}, .selectors = {}};
  const ResourceRequest picky{.bundle = {{"CPU", 0.5}, {"GPU", 1}},
                              .selectors = {{fast, not_spot}, {not_spot}, {}}};
  Load load;
  load.demands = {{picky, 3}, {plain, 7}};
  load.gangs = {{"aa01", GangStrategy::kPack, {plain, plain}},
                {"aa02", GangStrategy::kSpread, {plain, picky}},
                {"aa03", GangStrategy::kStrictPack, {plain, picky}},
                {"aa04", GangStrategy::kStrictSpread, {plain}}};
  for (Gang& gang : load.gangs)
    std::sort(gang.bundles.begin(), gang.bundles.end());
  load.asked = {{plain, 20}};
  load.version = 12;
  std::sort(load.demands.begin(), load.demands.end());
  return load;
}

autoscaler::ClusterResourceState message_of(const Load& load, std::mt19937& order) {
  const auto shuffled = [&](auto list) {
    std::shuffle(list.begin(), list.end(), order);
    return list;
  };
  autoscaler::ClusterResourceState state;
  state.set_cluster_resource_state_version(load.version);
  for (const Demand& demand : shuffled(load.demands))
    *state.add_pending_resource_requests() = to_message(demand);
  for (Gang gang : shuffled(load.gangs)) {
    gang.bundles = shuffled(gang.bundles);
    *state.add_pending_gang_resource_requests() = to_message(gang);
  }
  auto& constraint = *state.add_cluster_resource_constraints();
  for (const Demand& demand : shuffled(load.asked))
    *constraint.add_resource_requests() = to_message(demand);
  return state;
}

TEST(LoadView, WhatRaySendsIsReadInAnyOrder) {
  std::mt19937 order(1);
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(to_load(message_of(everything(), order)), everything());
}

TEST(LoadView, NothingIsNothing) {
  EXPECT_EQ(to_load({}), Load{});
}

TEST(LoadView, EqualDemandsAreOne) {
  autoscaler::ClusterResourceState state;
  for (const int count : {1, 2, 4})
    *state.add_pending_resource_requests() = wish({{"CPU", 1}}, count);
  *state.add_pending_resource_requests() = wish({{"CPU", 1}, {"GPU", 0}}, 8);  // a zero is nothing
  EXPECT_EQ(to_load(state), demands_only({{{{{"CPU", 1}}, {}}, 15}}));
}

TEST(LoadView, StrangeNumbersAskForNothing) {
  autoscaler::ClusterResourceState state;
  *state.add_pending_resource_requests() = wish({{"CPU", 1}}, -5);
  *state.add_pending_resource_requests() = wish({{"CPU", 1}}, 0);
  *state.add_pending_resource_requests() = wish({{"CPU", kNan}}, 1);
  *state.add_pending_resource_requests() = wish({{"CPU", 1}, {"GPU", kNan}}, 1);
  *state.add_pending_resource_requests() =
      wish({{"CPU", std::numeric_limits<double>::infinity()}}, 1);
  EXPECT_EQ(to_load(state), Load{});
  *state.add_pending_resource_requests() = wish({{"CPU", 2}, {"GPU", -1}}, 1);
  EXPECT_EQ(to_load(state), demands_only({{{{{"CPU", 2}}, {}}, 1}}));
}

TEST(LoadView, CountsDoNotOverflow) {
  autoscaler::ClusterResourceState state;
  for (int i = 0; i < 5; ++i) {
    *state.add_pending_resource_requests() =
        wish({{"CPU", 1}}, std::numeric_limits<std::int64_t>::max());
  }
  const Load load = to_load(state);
  ASSERT_EQ(load.demands.size(), 1U);
  EXPECT_EQ(load.demands[0].count, 1'000'000'000);
}

TEST(LoadView, TheFirstEmptySelectorEndsTheList) {
  const LabelSelector a{{.key = "a", .in = true, .values = {"1"}}};
  struct Case {
    std::vector<LabelSelector> sent, read;
  };
  for (const auto& [sent, read] : {Case{{{}}, {}}, Case{{{}, a}, {}}, Case{{a}, {a}},
                                   Case{{a, {}}, {a, {}}}, Case{{a, {}, a}, {a, {}}}}) {
    autoscaler::ClusterResourceState state;
    *state.add_pending_resource_requests() = to_message(Demand{{{{"CPU", 1}}, sent}, 1});
    EXPECT_EQ(to_load(state).demands[0].request.selectors, read);
  }
}

TEST(LoadView, AnOperatorThatIsNotKnownCountsAsIn) {
  autoscaler::ClusterResourceState state;
  auto& sent = *state.add_pending_resource_requests();
  sent.set_count(1);
  auto& rule = *sent.mutable_request()->add_label_selectors()->add_label_constraints();
  rule.set_label_key("a");
  rule.set_operator_(static_cast<ray::rpc::LabelSelectorOperator>(9));
  EXPECT_EQ(to_load(state).demands[0].request.selectors,
            (std::vector<LabelSelector>{{{.key = "a", .in = true, .values = {}}}}));
}

GangStrategy strategy_of(const std::string& details) {
  autoscaler::ClusterResourceState state;
  auto& gang = *state.add_pending_gang_resource_requests();
  gang.set_details(details);
  *gang.add_requests() = to_message(ResourceRequest{{{"CPU", 1}}, {}});
  const Load load = to_load(state);
  return load.gangs.at(0).strategy;
}

TEST(LoadView, TheStrategyIsInTheDetails) {
  EXPECT_EQ(strategy_of("ab:PACK|PENDING"), GangStrategy::kPack);
  EXPECT_EQ(strategy_of("ab:SPREAD|RESCHEDULING"), GangStrategy::kSpread);
  EXPECT_EQ(strategy_of("ab:STRICT_SPREAD|PENDING"), GangStrategy::kStrictSpread);
  EXPECT_EQ(strategy_of("ab:STRICT_PACK"), GangStrategy::kStrictPack);
  for (const char* strange : {"", "ab", ":", "|", "ab|SPREAD", "ab:|", "ab:SOMETHING|PENDING"})
    EXPECT_EQ(strategy_of(strange), GangStrategy::kPack) << strange;
}

TEST(LoadView, ConstraintsSayMoreThanDetails) {
  autoscaler::ClusterResourceState state;
  auto& gang = *state.add_pending_gang_resource_requests();
  gang.set_details("ab:NEW_NAME|PENDING");
  auto& request = *gang.add_requests();
  request.add_placement_constraints()->mutable_anti_affinity()->set_label_name("_PG_ab");
  EXPECT_EQ(to_load(state).gangs.at(0).strategy, GangStrategy::kStrictSpread);
  request.mutable_placement_constraints(0)->mutable_affinity()->set_label_name("_PG_ab");
  request.mutable_placement_constraints(0)->clear_anti_affinity();
  EXPECT_EQ(to_load(state).gangs.at(0).strategy, GangStrategy::kStrictPack);
}

TEST(LoadView, AGangIsReadWholeOrNotAtAll) {
  autoscaler::ClusterResourceState state;
  state.add_pending_gang_resource_requests()->set_details("empty:PACK|PENDING");
  auto& gang = *state.add_pending_gang_resource_requests();
  gang.set_details("ab:PACK|PENDING");
  *gang.add_requests() = to_message(ResourceRequest{{{"CPU", 1}}, {}});
  *gang.add_requests() = to_message(ResourceRequest{{{"CPU", kNan}}, {}});
  EXPECT_EQ(to_load(state), Load{});
}

TEST(LoadView, WhatDriversOfTheFirstAutoscalerAskFor) {
  EXPECT_EQ(to_asked(R"([{"CPU": 1}, {"GPU": 0.5, "CPU": 0}, {"CPU": 1.0}])"),
            (std::vector<Demand>{{{{{"CPU", 1}}, {}}, 2}, {{{{"GPU", 0.5}}, {}}, 1}}));
  for (const char* text :
       {"", "[]", "{}", "null", "[1]", R"([{"CPU": "x"}])", "[{", "\xff", R"([{"CPU": 1e999}])"}) {
    EXPECT_EQ(to_asked(text), std::vector<Demand>{}) << text;
  }
  EXPECT_EQ(to_asked(std::string(200'000, '[')), std::vector<Demand>{});
}

}  // namespace
}  // namespace rayctl
