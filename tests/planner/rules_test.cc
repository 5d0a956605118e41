#include <gtest/gtest.h>

#include <algorithm>

#include "planner/node_names.h"
#include "tests/planner/world.h"

namespace rayctl::planning {
namespace {

World replacing() {
  return read_world(Json::parse(R"({
    "desired": {"types": {"head": {"digests": {"start": "r2"}}, "gpu": {"digests": {"launch": "l2"}}},
                "want": {"gpu": 2}},
    "nodes": {"head-1": {"running": {"start": "r1"}},
              "gpu-1": {"applied": {"launch": "l1"}}, "gpu-2": {"applied": {"launch": "l1"}}}})"));
}

template <class Kind>
Step& step_of(Plan& plan, const char* node) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    const std::vector<NodeName> nodes = nodes_of(step.action);
    return std::holds_alternative<Kind>(step.action) && !nodes.empty() &&
           nodes.front().text == node;
  });
  return found == plan.steps.end() ? plan.steps.front() : *found;
}

/// The rules that every plan is held against would notice.
TEST(PlanRules, NoticeWhatIsBroken) {
  const World world = replacing();
  const Plan good = plan_of(world);
  ASSERT_EQ(broken_rule(world, good), "") << describe(good);

  Plan plan = good;
  std::swap(plan.steps[0], plan.steps[1]);
  EXPECT_NE(broken_rule(world, plan), "") << "steps out of order";

  plan = good;
  step_of<StartRay>(plan, "gpu-1").after.clear();
  EXPECT_NE(broken_rule(world, plan), "") << "a worker starts before its head";

  plan = good;
  step_of<StopRay>(plan, "head-1").after.clear();
  EXPECT_NE(broken_rule(world, plan), "") << "the head stops before its workers";

  plan = good;
  step_of<DrainNode>(plan, "gpu-2").after = {step_of<StartRay>(plan, "gpu-2").id};
  EXPECT_NE(broken_rule(world, plan), "") << "two workers away at once";

  plan = good;
  std::get<CreateNodes>(step_of<CreateNodes>(plan, "gpu-3").action).nodes = {{"gpu-2"}};
  EXPECT_NE(broken_rule(world, plan), "") << "a name in use";

  plan = good;
  plan.steps.push_back({.id = static_cast<int>(plan.steps.size()),
                        .action = TerminateNode{{"head-1"}, {"m:head-1"}}});
  EXPECT_NE(broken_rule(world, plan), "") << "the head goes";

  World foreign = world;
  auto& machines = foreign.observed.machines.at({"process"});
  for (CloudNode& machine : *machines)
    machine.cluster.reset();
  EXPECT_NE(broken_rule(foreign, good), "") << "machines that are not ours end";

  World unlisted = world;
  unlisted.observed.machines.clear();
  EXPECT_NE(broken_rule(unlisted, good), "") << "nobody has listed the provider";
}

TEST(NodeNames, PartsOfNames) {
  const auto parts = [](const char* text) {
    const NodeName name{text};
    const NameParts found = parts_of(name);
    return std::string(found.type) + "|" + std::to_string(found.number);
  };
  EXPECT_EQ(parts("gpu-3"), "gpu|3");
  EXPECT_EQ(parts("ray.worker.default-12"), "ray.worker.default|12");
  EXPECT_EQ(parts("gpu-4-1"), "gpu-4|1");
  EXPECT_EQ(parts("gpu-007"), "gpu|7");
  EXPECT_EQ(parts("gpu-"), "gpu-|-1");
  EXPECT_EQ(parts("gpu-x1"), "gpu-x1|-1");
  EXPECT_EQ(parts("-1"), "-1|-1");
  EXPECT_EQ(parts("gpu"), "gpu|-1");
  EXPECT_EQ(parts(""), "|-1");
  EXPECT_EQ(parts("gpu-999999999"), "gpu|999999999");
  EXPECT_EQ(parts("gpu-1000000000"), "gpu-1000000000|-1");
  EXPECT_EQ(numbered({"gpu"}, 2), NodeName{"gpu-2"});
  const NodeName two{"gpu-2"}, ten{"gpu-10"};
  EXPECT_LT(parts_of(two), parts_of(ten));
}

}  // namespace
}  // namespace rayctl::planning
