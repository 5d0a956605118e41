#include <gtest/gtest.h>

#include <utility>

#include "tests/applier/lab.h"

namespace rayctl {
namespace {

using Outcome = StepResult::Outcome;

struct Launch : Lab, testing::Test {
  CreateNodes three() { return {{"small"}, {{"small-1"}, {"small-2"}, {"small-3"}}}; }
  std::vector<std::string> tags_of_machines() {
    std::vector<std::string> names;
    for (const auto& [id, machine] : fake.machines) {
      const auto tag = machine.node.tags.find(kTagNode);
      names.push_back(tag == machine.node.tags.end() ? "" : tag->second);
    }
    return names;
  }
};

TEST_F(Launch, NamesMachinesInTheOrderOfTheirIds) {
  add(three());
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(tags_of_machines(), (std::vector<std::string>{"small-1", "small-2", "small-3"}));
  for (const auto& [id, machine] : fake.machines) {
    EXPECT_EQ(machine.node.tags.at(kTagClusterId), records().cluster_id.text);
    EXPECT_EQ(machine.node.tags.at(kTagOp), record("small-1").made_by->text);
    EXPECT_EQ(machine.node.tags.at(kTagNodeKind), "worker");
  }
}

TEST_F(Launch, FewerMachinesFailOnlyTheNodesThatWereNotMade) {
  fake.rules.most_per_create = 2;
  const int head = add(CreateNodes{{"head"}, {{"head-1"}}});
  const int up = bring_up("head", "head-1", {head});
  const int launch = add(three());
  for (const char* node : {"small-1", "small-2", "small-3"})
    bring_up("small", node, {launch, up});
  const auto report = apply();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed(), 1);
  const Error& error = report->steps[4].error;
  EXPECT_EQ(error.code, ErrorCode::kLaunchFailed);
  EXPECT_EQ(error.message, "3 machines asked for, 2 made; without: small-3");
  const std::vector<Outcome> all = outcomes(report);
  EXPECT_EQ(std::vector<Outcome>(all.begin() + 5, all.end()),
            (std::vector<Outcome>{Outcome::kDone, Outcome::kDone, Outcome::kDone, Outcome::kDone,
                                  Outcome::kDone, Outcome::kDone, Outcome::kSkipped,
                                  Outcome::kSkipped, Outcome::kSkipped}));
  EXPECT_EQ(record("small-2").phase, Phase::kReady);
  EXPECT_FALSE(records().nodes.contains({"small-3"}));
  EXPECT_TRUE(records().open.empty());
}

TEST_F(Launch, AResumedOneTakesTheSameTokenAndKeepsNames) {
  fake.crash_point = [&](const std::string& point, const Action&) {
    if (point == "act:after") {
      fake.kill();
      throw Killed{};
    }
  };
  add(three());
  EXPECT_THROW((void)apply(), Killed);
  fake.revive();
  fake.crash_point = {};
  ASSERT_EQ(records().open.size(), 1U);
  const OpToken token = records().open[0].token;
  fake.machines.begin()->second.node.tags[kTagNode] =
      "small-2";  // by another run, in another order
  std::next(fake.machines.begin())->second.node.tags.erase(kTagNode);
  add(three());
  plan.steps.back().resume = token;
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(fake.machines.size(), 3U);
  EXPECT_EQ(tags_of_machines(), (std::vector<std::string>{"small-2", "small-1", "small-3"}));
  EXPECT_EQ(record("small-2").id, fake.machines.begin()->first);
  EXPECT_EQ(record("small-1").made_by, token);
  EXPECT_TRUE(records().open.empty());
}

TEST_F(Launch, ALostAnswerIsLookedUpAndNothingIsMadeTwice) {
  for (const Mishap lost : {Mishap::kLostAfter, Mishap::kLostBefore}) {
    fake.machines.clear();
    bool first = true;
    fake.mishap = [&](const std::string& call) {
      return call == "create" && std::exchange(first, false) ? lost : Mishap::kNone;
    };
    add(three());
    const auto report = apply();
    EXPECT_TRUE(report->complete()) << errors_of(report);
    EXPECT_EQ(fake.machines.size(), 3U);
  }
}

TEST_F(Launch, AnUnknownOutcomeLeavesTheOperationOpen) {
  fake.mishap = [&](const std::string& call) {
    if (call == "list") return Mishap::kThrottled;
    return call == "create" ? Mishap::kLostAfter : Mishap::kNone;
  };
  add(three());
  const auto report = apply();
  EXPECT_EQ(report->failed(), 1);
  EXPECT_EQ(report->steps[0].error.fault, Fault::kUnknown);
  EXPECT_EQ(records().open.size(), 1U);
  EXPECT_EQ(fake.machines.size(), 3U);
  fake.mishap = {};
  add(three());
  plan.steps.back().resume = records().open[0].token;
  EXPECT_TRUE(apply()->complete());
  EXPECT_EQ(fake.machines.size(), 3U);
}

TEST_F(Launch, AnAnswerThatWasLostOnceIsNotMadeUpForByLaterFailures) {
  for (const Mishap later : {Mishap::kThrottled, Mishap::kLostBefore, Mishap::kRefused}) {
    const auto launches = fake.machines.size();
    bool first = true;
    fake.mishap = [&](const std::string& call) {
      if (call == "list") return Mishap::kThrottled;
      if (call != "create") return Mishap::kNone;
      return std::exchange(first, false) ? Mishap::kLostAfter : later;
    };
    add(three());
    const auto report = apply();
    ASSERT_EQ(report->failed(), 1);
    EXPECT_EQ(report->steps.back().error.fault, Fault::kUnknown);
    EXPECT_EQ(fake.machines.size(), launches + 3);
    ASSERT_EQ(records().open.size(), 1U);
    fake.mishap = {};
    plan.steps.clear();
    add(three());
    plan.steps.back().resume = records().open[0].token;
    EXPECT_TRUE(apply()->complete());
    EXPECT_EQ(fake.machines.size(), launches + 3);
    plan.steps.clear();
  }
}

TEST_F(Launch, ARefusalIsRecordedAndNotRepeated) {
  int creates = 0;
  fake.mishap = [&](const std::string& call) {
    if (call != "create") return Mishap::kNone;
    ++creates;
    return Mishap::kRefused;
  };
  add(three());
  EXPECT_EQ(apply()->failed(), 1);
  EXPECT_EQ(creates, 1);
  EXPECT_TRUE(records().open.empty());
}

TEST_F(Launch, WaitsForAMachineThatIsListedLateAndBootsSlowly) {
  fake.rules.list_lag = Millis{20'000};
  fake.rules.boot = Millis{30'000};
  plan_cluster(1);
  const auto report = apply();
  EXPECT_TRUE(report->complete()) << errors_of(report);
  EXPECT_FALSE(record("small-1").ip.empty());
}

TEST_F(Launch, AMachineThatNeverComesUpFailsInTime) {
  fake.rules.boot = Millis{3'600'000};
  plan_cluster(0);
  const auto report = apply();
  EXPECT_EQ(report->failed(), 1);
  EXPECT_EQ(report->steps[1].error.code, ErrorCode::kLaunchFailed);
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
}

TEST_F(Launch, WhereListsLackNothingAMachineThatIsDeletedIsNotWaitedFor) {
  fake.rules.prompt = true;
  fake.rules.boot = Millis{60'000};
  int lists = 0;
  fake.mishap = [&](const std::string& call) {
    if (call == "list" && ++lists == 2) fake.machines.clear();
    return Mishap::kNone;
  };
  plan_cluster(0);
  const Time begun = fake.clock.now();
  const auto report = apply();
  EXPECT_EQ(report->failed(), 1);
  const std::string& why = report->steps[1].error.message;
  EXPECT_NE(why.find("somebody has deleted it"), std::string::npos) << why;
  EXPECT_LT(fake.clock.now() - begun, Millis{10'000});
}

TEST_F(Launch, AMachineThatCannotBeNamedIsReportedAndLeftToBeAdopted) {
  int tags = 0;
  fake.mishap = [&](const std::string& call) {
    return call == "set_tags" && ++tags == 2 ? Mishap::kRefused : Mishap::kNone;
  };
  add(three());
  const auto report = apply();
  EXPECT_EQ(report->failed(), 1);
  EXPECT_NE(report->steps[0].error.message.find("small-2"), std::string::npos);
  EXPECT_EQ(records().nodes.size(), 2U);
  EXPECT_EQ(tags_of_machines(), (std::vector<std::string>{"small-1", "", "small-3"}));
}

}  // namespace
}  // namespace rayctl
