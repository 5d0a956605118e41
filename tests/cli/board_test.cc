#include "cli/views/board.h"

#include <gtest/gtest.h>

#include "cli/views/node_list.h"

namespace rayctl {
namespace {

Time at(int seconds) {
  return Time{Millis{seconds * 1000}};
}

Plan bring_up(int workers) {
  Plan plan;
  for (int each = 1; each <= workers; ++each) {
    const NodeName node{"gpu-" + std::to_string(each)};
    const int id = 2 * (each - 1);
    plan.steps.push_back({.id = id, .action = CreateNodes{{"gpu"}, {node}}});
    plan.steps.push_back({.id = id + 1, .action = SetUpNode{node, {"d"}}, .after = {id}});
  }
  return plan;
}

Error setup_failed() {
  Error error = permanent(ErrorCode::kSetupFailed, "`pip install` failed with 1 after 31 s");
  error.context = {"ERROR: no matching \033[31mversion"};
  return error;
}

TEST(Board, ShowsPhasesTimesAndWhatIsDoneNow) {
  const Plan plan = bring_up(2);
  Board board(plan);
  board.begun(plan.steps[0], at(0));
  board.ended(plan.steps[0], {.step = 0, .took = Millis{1800}}, at(2));
  board.begun(plan.steps[1], at(2));
  board.progress(plan.steps[1], {"gpu-1"}, "pip install -r x");
  const std::vector<std::string> lines = board.render(at(16), 100, 20, Style{});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "  gpu-1   launch ✓ 1.8 s   set up ▌ pip install -r x (14 s)");
  EXPECT_EQ(lines[1], "  gpu-2   waiting");
}

TEST(Board, NeverWiderThanTheTerminalNorHigher) {
  const Plan plan = bring_up(1000);
  Board board(plan);
  for (const Step& step : plan.steps) {
    if (step.id % 2 == 0) board.begun(step, at(0));
    board.progress(step, nodes_of(step.action).front(), std::string(300, 'x'));
  }
  StepResult failed{.step = 100, .outcome = StepResult::Outcome::kFailed, .error = setup_failed()};
  board.ended(plan.steps[100], failed, at(1));
  for (const int width : {20, 40, 80, 200}) {
    const std::vector<std::string> lines = board.render(at(2), width, 10, Style{});
    ASSERT_EQ(lines.size(), 10U);
    for (const std::string& line : lines)
      EXPECT_LT(columns(line), static_cast<std::size_t>(width) + 1);
    EXPECT_EQ(lines[0].substr(0, 8), "  gpu-51") << "what failed stands first";
  }
  const std::string last = board.render(at(2), 100, 10, Style{}).back();
  EXPECT_EQ(last, "  … and 991 nodes: 0 done, 0 waiting, 991 at work");
}

TEST(Board, AFailureSaysWhyAndWhatToDo) {
  const Step step{.id = 0, .action = SetUpNode{{"gpu-1"}, {"d"}}};
  const std::string text = render_failure(step, setup_failed(), "cluster.yaml", Style{});
  EXPECT_NE(text.find("gpu-1  set up ✗ RAYCTL-0207  `pip install` failed with 1"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("| ERROR: no matching ?[31mversion"), std::string::npos) << text;
  EXPECT_NE(text.find("rayctl logs cluster.yaml gpu-1"), std::string::npos) << text;
}

TEST(ClosingLine, CountsNodesAndNamesTheSerial) {
  const Plan plan = bring_up(2);
  ApplyReport report{.serial = 44};
  for (int step = 0; step < 4; ++step)
    report.steps.push_back({.step = step});
  EXPECT_EQ(closing_line(plan, report), "Applied 2 changes. State is saved (serial 44).");
  report.steps[3].outcome = StepResult::Outcome::kFailed;
  EXPECT_EQ(closing_line(plan, report),
            "Applied 1 of 2 changes; 1 failed. State is saved (serial 44); running again is safe.");
  report.steps[0].outcome = report.steps[1].outcome = StepResult::Outcome::kNotBegun;
  EXPECT_EQ(closing_line(plan, report),
            "Applied 0 of 2 changes; 1 failed; 1 not begun. State is saved (serial 44); "
            "running again is safe.");
}

TEST(NodeList, ListsFewAndCountsMany) {
  EXPECT_EQ(node_list({{"a-2"}, {"a-1"}}), "a-1, a-2");
  EXPECT_EQ(node_list({{"a-10"}, {"a-9"}, {"a-1"}}), "a-1, a-9, a-10");
  std::vector<NodeName> many;
  for (int each = 1; each <= 12; ++each)
    many.push_back({"a-" + std::to_string(each)});
  EXPECT_EQ(node_list(many), "a-1 to a-12 (12)");
  EXPECT_EQ(node_list({}), "");
}

TEST(Took, IsShort) {
  EXPECT_EQ(format_took(Millis{0}), "0.0 s");
  EXPECT_EQ(format_took(Millis{1849}), "1.8 s");
  EXPECT_EQ(format_took(Millis{61'000}), format_age(Millis{61'000}));
  EXPECT_EQ(format_took(Millis{-5}), "0.0 s");
}

}  // namespace
}  // namespace rayctl
