#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "model/codec.h"
#include "tests/planner/world.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl::planning {
namespace {

namespace fs = std::filesystem;

fs::path cases() {
  return fs::path(source_dir()) / "fixtures" / "plans";
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(cases())) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenPlan : public testing::TestWithParam<std::string> {};

/// case.json -> expected.txt; RAYCTL_ACCEPT=1 writes what is, and never passes.
TEST_P(GoldenPlan, IsAsExpected) {
  const fs::path folder = cases() / GetParam();
  const Result<std::string> text = read_file(folder / "case.json");
  ASSERT_TRUE(text) << text.error().message;
  const Json json = Json::parse(*text);
  const World world = read_world(json);
  const Plan plan = plan_of(world);
  const std::string now = json.at("about").get<std::string>() + "\n\n" + describe(plan);

  EXPECT_EQ(broken_rule(world, plan), "") << describe(plan);
  const Result<Plan> again = plan_from_json(to_json(plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, plan) << "a saved plan is not the plan";
  if (plan.blocked.empty() && !json.contains("second_plan")) {
    const Outcome after = predict(plan, world.snapshot, world.observed);
    const Plan second = make_plan(world.desired, after.snapshot, after.observed, world.options);
    EXPECT_TRUE(second.steps.empty()) << describe(second);
  }

  if (std::getenv("RAYCTL_ACCEPT") != nullptr) {
    std::ofstream(folder / "expected.txt") << now;
    FAIL() << "accepted, not tested: " << GetParam();
  }
  const Result<std::string> expected = read_file(folder / "expected.txt");
  ASSERT_TRUE(expected) << "no expected.txt; RAYCTL_ACCEPT=1 writes it:\n" << now;
  EXPECT_EQ(now, *expected);
}

INSTANTIATE_TEST_SUITE_P(
    Fixtures, GoldenPlan, testing::ValuesIn(case_names()), [](const auto& name) {
      std::string id = name.param;
      std::replace_if(
          id.begin(), id.end(),
          [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
      return id;
    });

}  // namespace
}  // namespace rayctl::planning
