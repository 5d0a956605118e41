#include "cli/views/plan_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "cli/views/plan_rows.h"
#include "cli/views/plan_summary.h"
#include "model/codec.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(source_dir()) / "fixtures/views")) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenView : public testing::TestWithParam<std::string> {};

/// fixtures/views/<case>/case.json -> expected.txt; RAYCTL_ACCEPT=1 writes what is, and never
/// passes.
TEST_P(GoldenView, IsAsExpected) {
  const fs::path folder = fs::path(source_dir()) / "fixtures/views" / GetParam();
  const Result<std::string> text = read_file(folder / "case.json");
  ASSERT_TRUE(text) << text.error().message;
  const Json json = Json::parse(*text);
  const Result<Plan> plan = plan_from_json(json.at("plan"));
  ASSERT_TRUE(plan) << plan.error().message;
  const Json& given = json.at("options");
  const PlanViewOptions options{.where = given.value("where", ""),
                                .serial = given.value("serial", 0),
                                .refreshed = given.value("refreshed", ""),
                                .explain = given.value("explain", false),
                                .no_restart = given.value("no_restart", false)};
  const std::string now = render_plan(*plan, options, Style{});
  if (std::getenv("RAYCTL_ACCEPT") != nullptr) {
    std::ofstream(folder / "expected.txt") << now;
    FAIL() << "accepted, not tested: " << GetParam();
  }
  const Result<std::string> expected = read_file(folder / "expected.txt");
  ASSERT_TRUE(expected) << "no expected.txt; RAYCTL_ACCEPT=1 writes it:\n" << now;
  EXPECT_EQ(now, *expected);
}

INSTANTIATE_TEST_SUITE_P(Views, GoldenView, testing::ValuesIn(case_names()), [](const auto& each) {
  std::string name = each.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

/// Restarts Ray on `count` workers, each idle for another time.
Plan restart_of(int count) {
  Plan plan{.cluster = {"demo"}, .head_type = {"head"}};
  for (int each = 0; each < count; ++each) {
    const NodeName node{"cpu-" + std::to_string(each + 1)};
    Step stop{.id = 2 * each, .action = StopRay{node}, .reason = Reason::kOutOfDate};
    stop.because = "setup_commands changed";
    stop.fields = {"setup_commands"};
    stop.disturbs = "nobody (idle " + std::to_string(each) + " s)";
    Step start = stop;
    start.id = 2 * each + 1;
    start.action = StartRay{node, {"d"}};
    start.disturbs.clear();
    start.after = {stop.id};
    plan.steps.push_back(stop);
    plan.steps.push_back(start);
  }
  return plan;
}

TEST(PlanView, TenThousandEqualNodesTakeOneLine) {
  const std::string text = render_plan(restart_of(10'000), {.where = "aws"}, Style{});
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 8) << text;
  EXPECT_NE(text.find("cpu-1 to cpu-10000 (10000)"), std::string::npos) << text;
  EXPECT_NE(text.find("restart Ray"), std::string::npos) << text;
  EXPECT_NE(text.find("Ray restarts on 10000 of 10000 nodes."), std::string::npos) << text;
}

TEST(PlanView, BusyNodesAreNeverCalledIdle) {
  Plan plan = restart_of(3);
  plan.steps[2].disturbs = "work that uses 2 CPU";
  const std::vector<PlanRow> rows = plan_rows(plan);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].nodes, (std::vector<NodeName>{{"cpu-1"}, {"cpu-3"}}));
  EXPECT_EQ(rows[0].lines.front().disturbs, "nobody");
  EXPECT_EQ(rows[1].nodes, (std::vector<NodeName>{{"cpu-2"}}));
  EXPECT_EQ(rows[1].lines.front().disturbs, "interrupts work that uses 2 CPU");
  EXPECT_TRUE(rows[1].lines.front().interrupts);
}

TEST(PlanView, ColourIsOnlyAddedNeverNeeded) {
  const Plan plan = restart_of(2);
  std::string colored = render_plan(plan, {}, Style{true});
  EXPECT_NE(colored.find("\033["), std::string::npos);
  for (std::size_t at = colored.find('\033'); at != std::string::npos; at = colored.find('\033')) {
    colored.erase(at, colored.find('m', at) - at + 1);
  }
  EXPECT_EQ(colored, render_plan(plan, {}, Style{}));
}

TEST(PlanSummary, CountsNodesNotSteps) {
  Plan plan = restart_of(2);
  plan.nodes_unchanged = 3;
  plan.steps.push_back({.id = 4, .action = CreateNodes{{"gpu"}, {{"gpu-1"}, {"gpu-2"}}}});
  plan.steps.push_back({.id = 5, .action = StartRay{{"gpu-1"}, {"d"}}});
  plan.steps.push_back({.id = 6, .action = DrainNode{{"old-1"}, {"i-1"}, Millis{0}}});
  plan.steps.push_back({.id = 7, .action = TerminateNode{{"old-1"}, {"i-1"}}});
  plan.steps.push_back({.id = 8, .action = ForgetNode{{"lost-1"}}});
  const PlanSummary expected{
      .launch = 2, .update = 2, .remove = 1, .records = 1, .restart = 2, .existing = 6};
  EXPECT_EQ(summarize(plan), expected);
  EXPECT_EQ(summary_line(plan),
            "Plan: 2 to launch, 2 to update, 1 to remove, 1 record to put right. "
            "Ray restarts on 2 of 6 nodes.");
}

TEST(PlanSummary, SourceSurvivesTheFile) {
  const PlanSource source{
      .file = "/home/ana/cluster.yaml", .cluster_name = "x", .overrides = {2, std::nullopt}};
  const Json json = Json::parse(plan_json(restart_of(1), source).dump());
  EXPECT_EQ(plan_source(json), source);
  EXPECT_EQ(plan_source(Json::object()), std::nullopt);
  const Result<Plan> plan = plan_from_json(json);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(*plan, restart_of(1));
}

}  // namespace
}  // namespace rayctl
