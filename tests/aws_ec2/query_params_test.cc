#include "providers/aws/query_params.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "base/files.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl::aws {
namespace {

// Made by botocore's own serializer (fixtures/aws/run_instances_golden.py).
TEST(QueryParams, EveryMemberGoesOutAsBotocoreSendsIt) {
  const auto text = read_file(source_dir() + "/fixtures/aws/run_instances.json");
  ASSERT_TRUE(text);
  const Json golden = Json::parse(*text);
  const Params wanted = golden["params"].get<Params>();
  EXPECT_GE(wanted.size(), 200U);
  const Params sent = run_instances_params(golden["node_config"]);
  Params missing, more;
  std::set_difference(wanted.begin(), wanted.end(), sent.begin(), sent.end(),
                      std::inserter(missing, missing.end()));
  std::set_difference(sent.begin(), sent.end(), wanted.begin(), wanted.end(),
                      std::inserter(more, more.end()));
  EXPECT_EQ(missing, Params{});
  EXPECT_EQ(more, Params{});
}

TEST(QueryParams, WhatTheLaunchDecidesIsNotPassed) {
  const Json config = {{"MinCount", 1},     {"MaxCount", 5},        {"ClientToken", "x"},
                       {"DryRun", true},    {"SubnetIds", {"s-1"}}, {"ImageId", "ami-1"},
                       {"KeyName", nullptr}};
  EXPECT_EQ(run_instances_params(config), (Params{{"ImageId", "ami-1"}}));
}

TEST(QueryParams, NumbersHaveNoTrailingZeros) {
  const Json config = {{"InstanceMarketOptions", {{"SpotOptions", {{"MaxPrice", 0.05}}}}},
                       {"Ipv6AddressCount", 2.0}};
  EXPECT_EQ(
      run_instances_params(config),
      (Params{{"InstanceMarketOptions.SpotOptions.MaxPrice", "0.05"}, {"Ipv6AddressCount", "2"}}));
}

TEST(QueryParams, Base64OfEveryRemainder) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(QueryParams, FiltersAreNumberedAndEscaped) {
  Params params;
  add_filter(params, "tag:a", {"x*?\\"});
  add_filter(params, "b", {"1", "2"});
  EXPECT_EQ(params, (Params{{"Filter.1.Name", "tag:a"},
                            {"Filter.1.Value.1", "x\\*\\?\\\\"},
                            {"Filter.2.Name", "b"},
                            {"Filter.2.Value.1", "1"},
                            {"Filter.2.Value.2", "2"}}));
}

}  // namespace
}  // namespace rayctl::aws
