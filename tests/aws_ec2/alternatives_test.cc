#include "providers/aws/alternatives.h"

#include <gtest/gtest.h>

#include "providers/capacity_memory.h"

namespace rayctl::aws {
namespace {

const std::vector<Place> kPlaces = {{"a", "s-a"}, {"b", "s-b"}};
const Json kSpotConfig = {{"InstanceType", "m5.large"},
                          {"InstanceMarketOptions", {{"MarketType", "spot"}}}};

TEST(Alternatives, ZonesInTheirOrder) {
  const std::vector<Alternative> wanted = {{{"a", "s-a"}, "m5.large", "on-demand"},
                                           {{"b", "s-b"}, "m5.large", "on-demand"}};
  EXPECT_EQ(alternatives({{"InstanceType", "m5.large"}}, kPlaces, false), wanted);
  EXPECT_EQ(alternatives({{"InstanceType", "m5.large"}}, kPlaces, true), wanted)
      << "nothing to fall back from";
}

TEST(Alternatives, SpotEverywhereThenOnDemandEverywhere) {
  const std::vector<Alternative> wanted = {{{"a", "s-a"}, "m5.large", "spot"},
                                           {{"b", "s-b"}, "m5.large", "spot"},
                                           {{"a", "s-a"}, "m5.large", "on-demand"},
                                           {{"b", "s-b"}, "m5.large", "on-demand"}};
  EXPECT_EQ(alternatives(kSpotConfig, kPlaces, true), wanted);
  EXPECT_EQ(alternatives(kSpotConfig, kPlaces, false).size(), 2U);
}

TEST(Alternatives, AnotherMarketHasNoFallBack) {
  const Json config = {{"InstanceMarketOptions", {{"MarketType", "capacity-block"}}}};
  const std::vector<Alternative> wanted = {{{"a", "s-a"}, "", "capacity-block"}};
  EXPECT_EQ(alternatives(config, {kPlaces[0]}, true), wanted);
}

TEST(Alternatives, ZonesOfTheFile) {
  const std::vector<std::string> wanted = {"us-west-2b", "us-west-2a"};
  EXPECT_EQ(read_zones("us-west-2b, us-west-2a"), wanted);
  EXPECT_EQ(read_zones(Json::array({"us-west-2b", "us-west-2a"})), wanted);
  EXPECT_TRUE(read_zones(nullptr).empty());
  EXPECT_TRUE(read_zones("").empty());
}

TEST(Alternatives, AttemptsAreReadAsWritten) {
  for (const Alternative& one :
       {Alternative{{"a", "s-a"}, "m5.large", "spot"}, Alternative{{"", ""}, "", "on-demand"}}) {
    const auto read = read_attempt(launch_attempt_text(one, 3));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->launch, one);
    EXPECT_EQ(read->count, 3);
  }
  EXPECT_EQ(launch_attempt_text({{"us-west-2b", "subnet-1"}, "m5.large", "spot"}, 3),
            "us-west-2b subnet-1 m5.large spot x3");
  const std::vector<CloudId> ids = {{"i-1"}, {"i-2"}};
  EXPECT_EQ(start_attempt_text(ids), "start i-1 i-2");
  EXPECT_EQ(read_attempt("start i-1 i-2")->start, ids);
  for (const char* text : {"", "a b c d", "a b c d 3", "a b c d x0", "a b c d x3y", "a b c d x"})
    EXPECT_FALSE(read_attempt(text)) << text;
}

TEST(CapacityMemory, WhatLackedGoesLastForTenMinutes) {
  const std::vector<Alternative> all = alternatives(kSpotConfig, kPlaces, true);
  const Time now{};
  CapacityMemory<Alternative> memory;
  memory.lacked(all[0], now);
  const std::vector<Alternative> turned = {all[1], all[2], all[3], all[0]};
  EXPECT_EQ(memory.sorted(all, now + CapacityMemory<Alternative>::kFor - Millis{1}), turned);
  EXPECT_EQ(memory.sorted(all, now + CapacityMemory<Alternative>::kFor), all);
}

}  // namespace
}  // namespace rayctl::aws
