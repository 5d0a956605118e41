#include "cli/autoscale/hands.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

using Outcome = StepResult::Outcome;
using Kind = Happened::Kind;

const NodeTypeName kType{"cpu"};
const NodeName kNode{"cpu-1"};

/// What is told of one step that ended so; `known`: its node has a record.
std::vector<Happened> told(Action action, Outcome outcome, Error error = {}, bool known = true) {
  Plan plan;
  plan.steps = {{.id = 0, .action = CreateNodes{kType, {kNode}}},
                {.id = 1, .action = std::move(action)}};
  ApplyReport report;
  report.steps = {{.step = 1, .outcome = outcome, .error = std::move(error)}};
  Snapshot records;
  if (known) records.nodes[kNode] = {.type = kType};
  return happened_in(plan, report, records, Time{Millis{7}});
}

std::vector<Happened> failed(Action action, Fault fault = Fault::kPermanent) {
  return told(std::move(action), Outcome::kFailed,
              {.fault = fault, .code = ErrorCode::kSetupFailed, .message = "no"});
}

TEST(HappenedIn, FailuresOfWhatMakesANodeSaySomethingOfItsType) {
  const std::vector<std::pair<Action, Kind>> rows = {
      {CreateNodes{kType, {kNode}}, Kind::kLaunchFailed},
      {PrepareContainer{kNode, {}}, Kind::kSetUpFailed},
      {SyncFiles{kNode, {}}, Kind::kSetUpFailed},
      {SetUpNode{kNode, {}}, Kind::kSetUpFailed},
      {StartRay{kNode, {}}, Kind::kJoinFailed},
  };
  for (const auto& [action, kind] : rows) {
    const std::vector<Happened> all = failed(action);
    ASSERT_EQ(all.size(), 1U) << verb_of(action);
    const bool launch = kind == Kind::kLaunchFailed;
    EXPECT_EQ(all[0], (Happened{.kind = kind,
                                .type = kType,
                                .node = launch ? NodeName{} : kNode,
                                .what = "no",
                                .at = Time{Millis{7}}}))
        << verb_of(action);
  }
}

TEST(HappenedIn, AMachineThatDoesNotAnswerHasNotJoined) {
  for (const ErrorCode code : {ErrorCode::kConnectionLost, ErrorCode::kLaunchFailed}) {
    const Error error = permanent(code, "it did not answer");
    EXPECT_EQ(told(SyncFiles{kNode, {}}, Outcome::kFailed, error).at(0).kind, Kind::kJoinFailed);
    EXPECT_EQ(told(CreateNodes{kType, {kNode}}, Outcome::kFailed, error).at(0).kind,
              Kind::kLaunchFailed);
  }
}

TEST(HappenedIn, OnlyANodeThatStartedHasJoined) {
  EXPECT_EQ(told(StartRay{kNode, {}}, Outcome::kDone).at(0).kind, Kind::kJoined);
  EXPECT_TRUE(told(CreateNodes{kType, {kNode}}, Outcome::kDone).empty());
  EXPECT_TRUE(told(SetUpNode{kNode, {}}, Outcome::kDone).empty());
}

TEST(HappenedIn, WhatSaysNothingOfATypeIsNotTold) {
  EXPECT_TRUE(failed(DrainNode{kNode, {"i-1"}}).empty());
  EXPECT_TRUE(failed(TerminateNode{kNode, {"i-1"}}).empty());
  EXPECT_TRUE(failed(StopRay{kNode}).empty());
  EXPECT_TRUE(failed(AdoptNode{kNode, kType, {"i-1"}}).empty());
  EXPECT_TRUE(failed(SetUpNode{kNode, {}}, Fault::kConflict).empty()) << "the world moved";
  EXPECT_TRUE(told(SetUpNode{kNode, {}}, Outcome::kSkipped).empty());
  EXPECT_TRUE(told(SetUpNode{kNode, {}}, Outcome::kNotBegun).empty());
  EXPECT_TRUE(
      told(SetUpNode{kNode, {}}, Outcome::kFailed, unknown_outcome(ErrorCode::kInterrupted, "left"))
          .empty());
}

TEST(HappenedIn, ANodeWithoutARecordHasTheTypeOfItsLaunch) {
  const Error error = permanent(ErrorCode::kSetupFailed, "no");
  EXPECT_EQ(told(SetUpNode{kNode, {}}, Outcome::kFailed, error, false).at(0).type, kType);
  EXPECT_EQ(told(SetUpNode{{"other"}, {}}, Outcome::kFailed, error, false).at(0).type,
            NodeTypeName{});
}

}  // namespace
}  // namespace rayctl
