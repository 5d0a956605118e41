#include <gtest/gtest.h>

#include <algorithm>

#include "planner/planner.h"

namespace rayctl {
namespace {

const ProviderName kAws{"aws"};

/// A cluster of one head type and two workers on a provider that has a group, a role and a profile
/// that needs the role.
class ResourcesTest : public testing::Test {
 protected:
  ResourcesTest() {
    desired_.cluster = {"demo"};
    desired_.head_type = {"head"};
    for (const char* type : {"head", "cpu"}) {
      NodeSpec& spec = desired_.specs[{type}];
      spec.type = {type};
      spec.provider = kAws;
      spec.head = spec.type == desired_.head_type;
      spec.digests.launch = {"l"};
      spec.digests.start = {"s"};
    }
    desired_.want = {{{"head"}, 1}, {{"cpu"}, 2}};
    SeenResources resources;
    resources.wanted = {wanted("group", {}), wanted("role", {}), wanted("profile", {"role"})};
    observed_.resources.emplace(kAws, resources);
    observed_.machines.emplace(kAws, std::vector<CloudNode>());
    observed_.at = Time{Millis{1'700'000'000'000}};
  }

  static ResourceSpec wanted(const std::string& name, const std::vector<std::string>& needs) {
    ResourceSpec spec{.name = {name}, .provider = kAws, .title = name + " of demo"};
    for (const std::string& each : needs)
      spec.needs.push_back({each});
    return spec;
  }

  SeenResources& seen() { return *observed_.resources.at(kAws); }
  SeenResource& seen(const std::string& name) {
    auto& all = seen().seen;
    return *std::find_if(all.begin(), all.end(),
                         [&](const SeenResource& each) { return each.name.text == name; });
  }

  Plan plan() const { return make_plan(desired_, snapshot_, observed_, options_); }

  /// What a perfect run leaves becomes what is there.
  void apply(const Plan& plan) {
    Outcome outcome = predict(plan, snapshot_, observed_);
    snapshot_ = std::move(outcome.snapshot);
    observed_ = std::move(outcome.observed);
  }

  static std::vector<std::string> verbs(const Plan& plan) {
    std::vector<std::string> texts;
    for (const Step& step : plan.steps) {
      if (const auto* make = std::get_if<MakeResource>(&step.action)) {
        texts.push_back("make " + make->resource.text);
      } else if (const auto* remove = std::get_if<RemoveResource>(&step.action)) {
        texts.push_back("remove " + remove->resource.text);
      }
    }
    return texts;
  }

  static bool follows(const Plan& plan, int later, int earlier) {
    const auto& after = plan.steps[static_cast<std::size_t>(later)].after;
    return std::any_of(after.begin(), after.end(),
                       [&](int id) { return id == earlier || follows(plan, id, earlier); });
  }

  Desired desired_;
  Snapshot snapshot_;
  Observed observed_;
  PlanOptions options_;
};

using Words = std::vector<std::string>;

TEST_F(ResourcesTest, AreMadeBeforeAnyMachine) {
  const Plan first = plan();
  EXPECT_EQ(verbs(first), (Words{"make group", "make role", "make profile"}));
  EXPECT_TRUE(follows(first, 2, 1));
  EXPECT_FALSE(follows(first, 1, 0));
  for (const Step& step : first.steps) {
    if (nodes_of(step.action).empty()) continue;
    for (const int resource : {0, 1, 2})
      EXPECT_TRUE(follows(first, step.id, resource)) << step.id;
  }
  EXPECT_EQ(first.resources.size(), 3U);
}

TEST_F(ResourcesTest, ThenThereIsNothingToDo) {
  apply(plan());
  EXPECT_TRUE(plan().steps.empty());
  EXPECT_TRUE(snapshot_.resources.at({"group"}).ours);
}

TEST_F(ResourcesTest, OneThatDiffersIsPutRightAndOneThatIsGoneMadeAgain) {
  apply(plan());
  seen("group").differs = "ssh from 203.0.113.7/32 is missing";
  std::erase_if(seen().seen, [](const SeenResource& each) { return each.name.text == "role"; });
  const Plan next = plan();
  EXPECT_EQ(verbs(next), (Words{"make group", "make role"}));
  EXPECT_EQ(next.steps[0].reason, Reason::kOutOfDate);
  EXPECT_EQ(next.steps[0].because, "ssh from 203.0.113.7/32 is missing");
  EXPECT_EQ(next.steps[1].reason, Reason::kVanished);
  apply(next);
  EXPECT_TRUE(plan().steps.empty());
}

TEST_F(ResourcesTest, WhatWasFoundStaysWhenAllIsRemoved) {
  seen().seen = {{.name = {"role"}, .title = "shared", .id = "r-1", .cluster = {}, .differs = ""}};
  apply(plan());
  EXPECT_FALSE(snapshot_.resources.at({"role"}).ours);
  desired_.destroy = true;
  desired_.want = {};
  const Plan end = plan();
  EXPECT_EQ(verbs(end), (Words{"remove group", "remove profile", "remove role"}));
  const auto is_role = [](const SeenResource& each) { return each.name.text == "role"; };
  apply(end);
  EXPECT_TRUE(snapshot_.resources.empty());
  ASSERT_EQ(seen().seen.size(), 1U);
  EXPECT_TRUE(is_role(seen().seen[0]));
  EXPECT_TRUE(plan().steps.empty());
}

TEST_F(ResourcesTest, GoAfterTheLastMachineAndBeforeWhatTheyNeed) {
  apply(plan());
  desired_.destroy = true;
  desired_.want = {};
  const Plan end = plan();
  int last_machine = -1, profile = -1, role = -1;
  for (const Step& step : end.steps) {
    if (std::holds_alternative<TerminateNode>(step.action)) last_machine = step.id;
    const auto* remove = std::get_if<RemoveResource>(&step.action);
    if (remove == nullptr) continue;
    if (remove->resource.text == "profile") profile = step.id;
    if (remove->resource.text == "role") role = step.id;
    EXPECT_TRUE(follows(end, step.id, last_machine));
  }
  EXPECT_TRUE(follows(end, role, profile));
}

TEST_F(ResourcesTest, AreKeptIfAskedOrIfTheHeadStays) {
  apply(plan());
  desired_.destroy = true;
  desired_.want = {};
  options_.keep_shared = true;
  EXPECT_EQ(verbs(plan()), Words{});
  options_.keep_shared = false;
  options_.exclude = {"cpu-1"};
  EXPECT_EQ(verbs(plan()), Words{});
  options_.exclude.clear();
  desired_.want = {{{"head"}, 1}};
  EXPECT_EQ(verbs(plan()), Words{});
}

TEST_F(ResourcesTest, OneThatTheFileNoLongerNeedsGoes) {
  apply(plan());
  seen().wanted.erase(seen().wanted.begin());
  const Plan next = plan();
  EXPECT_EQ(verbs(next), Words{"remove group"});
  EXPECT_EQ(next.steps[0].reason, Reason::kNotWanted);
}

TEST_F(ResourcesTest, WhatAKilledRunMadeIsRemovedToo) {
  apply(plan());
  snapshot_.resources.erase({"group"});
  EXPECT_EQ(verbs(plan()), Words{"make group"});  // recorded again
  desired_.destroy = true;
  desired_.want = {};
  EXPECT_EQ(verbs(plan()), (Words{"remove group", "remove profile", "remove role"}));
}

TEST_F(ResourcesTest, WhereTheyCannotBeSeenNothingIsLaunched) {
  observed_.resources.insert_or_assign(
      kAws, Result<SeenResources>(permanent(ErrorCode::kCredentials, "not allowed")));
  const Plan blind = plan();
  EXPECT_EQ(verbs(blind), Words{});
  ASSERT_EQ(blind.blocked.size(), 1U);
  EXPECT_EQ(blind.blocked[0].code, ErrorCode::kCredentials);
}

TEST_F(ResourcesTest, AMachineKeptStoppedIsNoNodeUntilTheEnd) {
  apply(plan());
  CloudNode cached{.id = {"i-9"}, .power = Power::kStopped, .cluster = snapshot_.cluster_id};
  cached.type = NodeTypeName{"cpu"};
  cached.cached = true;
  (*observed_.machines.at(kAws)).push_back(cached);
  EXPECT_TRUE(plan().steps.empty());
  desired_.destroy = true;
  desired_.want = {};
  const Plan end = plan();
  EXPECT_TRUE(std::any_of(end.steps.begin(), end.steps.end(), [](const Step& step) {
    const auto* ends = std::get_if<TerminateNode>(&step.action);
    return ends != nullptr && ends->id.text == "i-9" && !ends->may_return;
  }));
}

TEST_F(ResourcesTest, MachinesThatOnlyTheJournalKnowsAreEndedToo) {
  apply(plan());
  const std::vector<LaunchAttempt> attempts = {
      {"zone a x2", std::vector<CloudId>{{"i-8"}, {"i-9"}}}, {"zone b x1", std::nullopt}};
  snapshot_.open.push_back(
      {{"t-9"}, CreateNodes{{"cpu"}, {{"cpu-3"}, {"cpu-4"}}}, observed_.at, attempts});
  desired_.destroy = true;
  desired_.want = {};
  const auto ended = [](const Plan& plan) {
    std::vector<std::string> ids;
    for (const Step& step : plan.steps) {
      if (const auto* end = std::get_if<TerminateNode>(&step.action)) ids.push_back(end->id.text);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  };
  EXPECT_EQ(ended(plan()), (Words{"i-8", "i-9", "new:cpu-1", "new:cpu-2", "new:head-1"}));
  CloudNode gone{.id = {"i-8"}, .power = Power::kGone, .cluster = snapshot_.cluster_id};
  (*observed_.machines.at(kAws)).push_back(gone);
  EXPECT_EQ(ended(plan()), (Words{"i-9", "new:cpu-1", "new:cpu-2", "new:head-1"}));
  apply(plan());
  EXPECT_TRUE(plan().steps.empty());
  EXPECT_TRUE(snapshot_.open.empty());
}

TEST_F(ResourcesTest, AWorkerThatIsNotWantedMayReturn) {
  apply(plan());
  desired_.want[{"cpu"}] = 1;
  const Plan shrink = plan();
  const auto ends = std::find_if(shrink.steps.begin(), shrink.steps.end(), [](const Step& step) {
    return std::holds_alternative<TerminateNode>(step.action);
  });
  ASSERT_NE(ends, shrink.steps.end());
  EXPECT_TRUE(std::get<TerminateNode>(ends->action).may_return);
  desired_.want[{"cpu"}] = 2;
  desired_.specs[{"cpu"}].digests.launch = {"other"};
  for (const Step& step : plan().steps) {
    const auto* replaced = std::get_if<TerminateNode>(&step.action);
    EXPECT_TRUE(replaced == nullptr || !replaced->may_return);
  }
}

}  // namespace
}  // namespace rayctl
