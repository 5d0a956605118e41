#include "autoscaler/simulate.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

Config config() {
  Config config;
  config.max_workers = 10;
  config.head_type = {"head"};
  config.node_types = {{.name = {"head"}, .resources = {{"CPU", 1}}},
                       {.name = {"cpu"}, .max_workers = 8, .resources = {{"CPU", 4}}}};
  return config;
}

std::vector<TraceEvent> trace(const std::string& lines) {
  const Result<std::vector<TraceEvent>> read = parse_trace(lines);
  EXPECT_TRUE(read.ok());
  return *read;
}

const SimulationResult::TypeUse& cpu(const SimulationResult& result) {
  return result.types.at({"cpu"});
}

TEST(Simulation, OfNothingEndsAtOnce) {
  const SimulationResult result = simulate(config(), {}, {});
  EXPECT_EQ(result.length, Millis{0});
  EXPECT_EQ(result.samples.size(), 1U);
  EXPECT_EQ(result.waits, SimulationResult::Waits{});
}

TEST(Simulation, LaunchesRunsAndRemoves) {
  const auto result =
      simulate(config(), trace(R"({"at": 0, "demand": {"CPU": 1}, "count": 9, "runs": 100})"), {});
  EXPECT_EQ(cpu(result).launched, 2);
  EXPECT_EQ(cpu(result).removed, 2);
  EXPECT_EQ(result.unplaced, 0);
  EXPECT_EQ(result.waits.count, 9);
  EXPECT_EQ(result.waits.half, Millis{90'000}) << "the head holds one of nine";
  EXPECT_EQ(result.waits.longest, Millis{90'000});
  EXPECT_EQ(result.waits.mean, Millis{80'000});
  // They boot for 90 s, work for 100 s, and go once they are idle for more than 300 s.
  EXPECT_EQ(result.length, Millis{495'000});
  EXPECT_NEAR(cpu(result).node_hours, 2 * 495 / 3600.0, 1e-9);
}

TEST(Simulation, PlacesGroupsAllOrNothing) {
  struct Row {
    const char* strategy;
    int nodes;
  };
  for (const Row& row : {Row{"strict-pack", 2}, Row{"strict-spread", 4}, Row{"pack", 2}}) {
    const auto result = simulate(
        config(),
        trace(
            R"({"at": 0, "gang": [{"CPU": 2}, {"CPU": 2}], "count": 2, "runs": 60, "strategy": ")" +
            std::string(row.strategy) + "\"}"),
        {});
    EXPECT_EQ(result.unplaced, 0) << row.strategy;
    EXPECT_EQ(result.waits.count, 4) << row.strategy;
    EXPECT_LE(cpu(result).launched, row.nodes) << row.strategy;
  }
  const auto never = simulate(
      config(), trace(R"({"at": 0, "gang": [{"CPU": 3}, {"CPU": 3}], "strategy": "strict-pack"})"),
      {});
  EXPECT_EQ(never.unplaced, 2);
  EXPECT_EQ(never.waits.count, 0);
  ASSERT_EQ(never.unmet.size(), 1U);
  EXPECT_TRUE(never.unmet[0].impossible);
}

TEST(Simulation, NeverGoesAboveAMaximumNorStaysBelowAMinimum) {
  Config with = config();
  with.node_types[1].min_workers = 2;
  with.max_workers = 3;
  const auto result =
      simulate(with, trace(R"({"at": 0, "demand": {"CPU": 4}, "count": 30, "runs": 30})"), {});
  EXPECT_EQ(cpu(result).most, 3);
  EXPECT_EQ(cpu(result).launched - cpu(result).removed, 2);
  EXPECT_EQ(result.waits.count, 30);
  for (const SimulationResult::Sample& each : result.samples) {
    EXPECT_GE(each.wanted, 2);
    EXPECT_LE(each.wanted, 3);
  }
}

TEST(Simulation, GetsOverFailures) {
  const auto tasks = trace(R"({"at": 0, "demand": {"CPU": 4}, "count": 40, "runs": 30})");
  const SimulationOptions options{.launch_failures = 0.4, .set_up_failures = 0.4, .seed = 3};
  const auto result = simulate(config(), tasks, options);
  EXPECT_GT(cpu(result).launch_failures, 0);
  EXPECT_GT(cpu(result).set_up_failures, 0);
  EXPECT_EQ(result.waits.count, 40);
  EXPECT_EQ(simulate(config(), tasks, options), result) << "equal input";
  EXPECT_NE(simulate(config(), tasks, {.launch_failures = 0.4, .set_up_failures = 0.4, .seed = 4}),
            result);
}

TEST(Simulation, LosesFewNodesToASetUpThatAlwaysFails) {
  const auto result = simulate(config(), trace(R"({"at": 0, "demand": {"CPU": 4}, "count": 40})"),
                               {.set_up_failures = 1, .longest = Millis{24 * 3'600'000}});
  EXPECT_EQ(result.unplaced, 40);
  EXPECT_LE(cpu(result).launched, 5) << "those of the first launch";
}

TEST(Simulation, AsksForWhatRequestResourcesSays) {
  const auto result =
      simulate(config(),
               trace("{\"at\": 0, \"request_resources\": [{\"CPU\": 4}, {\"CPU\": 4}]}\n"
                     "{\"at\": 1000, \"request_resources\": []}"),
               {});
  EXPECT_EQ(cpu(result).launched, 2);
  EXPECT_EQ(cpu(result).removed, 2);
  EXPECT_GE(result.length, Millis{1'000'000}) << "kept while they are asked for";
}

TEST(Simulation, EndsAtTheLatestWhenItIsTold) {
  const auto result = simulate(config(), trace(R"({"at": 0, "demand": {"CPU": 1}, "runs": 1e8})"),
                               {.interval = Millis{0}, .longest = Millis{100}});
  EXPECT_EQ(result.length, Millis{100});
}

}  // namespace
}  // namespace rayctl
