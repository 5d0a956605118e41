#include <gtest/gtest.h>

#include "tests/applier/node_steps.h"

namespace rayctl {
namespace {

using Outcome = StepResult::Outcome;

TEST_F(NodeSteps, FilesArriveAndAreRecorded) {
  up(0);
  EXPECT_EQ(fake.machine("head-1").mounts.at("~/app"), manifest_digest(app_files("1")));
  EXPECT_EQ(record("head-1").applied.files, digests("head").files);
}

TEST_F(NodeSteps, FilesThatChangedSinceThePlanAreRefused) {
  fake.local_files["/src/app"] = app_files("2");
  plan_cluster(0);
  const auto report = apply();
  const Error& error = report->steps[1].error;
  EXPECT_EQ(error.code, ErrorCode::kMountMissing);
  EXPECT_EQ(error.message, "file mount ~/app (/src/app) has changed since the plan was made");
  EXPECT_TRUE(fake.machine("head-1").mounts.empty());
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
  EXPECT_EQ(record("head-1").failure, error.message);
  EXPECT_EQ(status_tag("head-1"), kStatusUpdateFailed);
}

TEST_F(NodeSteps, TheStatusTagFollows) {
  std::vector<std::string> seen;
  fake.crash_point = [&](const std::string& point, const Action& action) {
    if (point == "act:after" && !std::holds_alternative<CreateNodes>(action)) {
      seen.push_back(status_tag("head-1"));
    }
  };
  up(0);
  EXPECT_EQ(seen,
            (std::vector<std::string>{kStatusSyncingFiles, kStatusSettingUp, kStatusUpToDate}));
}

TEST_F(NodeSteps, CommandsRunInOrderEachOnce) {
  NodeSpec& spec = desired.specs.at({"head"});
  spec.initialization_commands = {"first"};
  spec.setup_commands = {"second", "third"};
  up(0);
  std::vector<std::string> lines;
  for (const auto& [id, line] : fake.ran)
    lines.push_back(line);
  EXPECT_EQ(lines,
            (std::vector<std::string>{"first", "second", "third", "ray start --block --head"}));
}

TEST_F(NodeSteps, AFailingCommandStopsTheNodeWithItsLastLines) {
  desired.specs.at({"head"}).setup_commands = {"one", "pip install x\nmore", "never"};
  fake.rules.exit_codes["pip"] = 3;
  fake.rules.command_time = Millis{31'000};
  plan_cluster(0);
  const auto report = apply();
  EXPECT_EQ(outcomes(report), (std::vector<Outcome>{Outcome::kDone, Outcome::kDone,
                                                    Outcome::kFailed, Outcome::kSkipped}));
  const Error& error = report->steps[2].error;
  EXPECT_EQ(error.code, ErrorCode::kSetupFailed);
  EXPECT_EQ(error.message, "`pip install x` failed with 3 after 31 s");
  EXPECT_EQ(error.context, (std::vector<std::string>{"output of pip install x", "more"}));
  EXPECT_EQ(times_ran("never"), 0);
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
  EXPECT_TRUE(record("head-1").applied.setup.empty());
  EXPECT_EQ(status_tag("head-1"), kStatusUpdateFailed);
}

TEST_F(NodeSteps, ACommandThatDoesNotEndIsStopped) {
  fake.rules.command_time = Millis{7'200'000};
  options.command_timeout = Millis{60'000};
  plan_cluster(0);
  const auto report = apply();
  const Error& error = report->steps[2].error;
  EXPECT_EQ(error.message, "`install head` still ran after 1 min and was stopped");
  const FakeMachine& head = fake.machine("head-1");
  EXPECT_TRUE(std::all_of(head.ops.begin(), head.ops.end(),
                          [&](const auto& op) { return !fake.runs(head, op.first); }));
}

TEST_F(NodeSteps, AResumedSetUpGoesOnWhereItWas) {
  desired.specs.at({"head"}).setup_commands = {"one", "two"};
  fake.crash_point = [&](const std::string& point, const Action& action) {
    if (point == "act:after" && std::holds_alternative<SetUpNode>(action)) {
      fake.kill();
      throw Killed{};
    }
  };
  plan_cluster(0);
  EXPECT_THROW((void)apply(), Killed);
  fake.revive();
  fake.crash_point = {};
  add(SetUpNode{{"head-1"}, digests("head").setup});
  plan.steps.back().resume = records().open.at(0).token;
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("one"), 1);
  EXPECT_EQ(times_ran("two"), 1);
}

TEST_F(NodeSteps, ADroppedConnectionDuringSetUpLeavesItToBeTakenUp) {
  bool drop = true;
  fake.mishap = [&](const std::string& call) {
    return drop && call == "status" ? Mishap::kLostAfter : Mishap::kNone;
  };
  plan_cluster(0);
  const auto report = apply();
  EXPECT_EQ(report->steps[2].error.fault, Fault::kUnknown);
  ASSERT_EQ(records().open.size(), 1U);
  drop = false;
  add(SetUpNode{{"head-1"}, digests("head").setup});
  plan.steps.back().resume = records().open[0].token;
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("install head"), 1);
}

TEST_F(NodeSteps, AMachineThatDoesNotAnswerYetIsWaitedFor) {
  fake.rules.ssh_delay = Millis{40'000};
  std::string status;
  fake.mishap = [&](const std::string& call) {
    if (call == "run" && status.empty() && fake.living().size() == 1 &&
        fake.clock.now() - fake.machines.begin()->second.made_at > Millis{10'000}) {
      status = fake.machines.begin()->second.node.tags.at(kTagNodeStatus);
    }
    return Mishap::kNone;
  };
  up(0);
  EXPECT_EQ(status, kStatusWaitingForSsh);
  EXPECT_NE(observer.talk.find("head-1: waiting for SSH: cannot connect"), std::string::npos);
  EXPECT_EQ(status_tag("head-1"), kStatusUpToDate);
}

TEST_F(NodeSteps, AMachineThatNeverAnswersFailsWithItsNameAndAddress) {
  fake.rules.ssh_delay = Millis{4'000'000};
  options.reach_timeout = Millis{60'000};
  plan_cluster(0);
  const auto report = apply();
  const Error& error = report->steps[1].error;
  EXPECT_EQ(error.code, ErrorCode::kConnectionLost);
  EXPECT_EQ(error.message.find("head-1 (" + record("head-1").ip + ") did not answer within 1 min"),
            0U)
      << error.message;
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
  fake.rules.ssh_delay = Millis{0};
  const int first = bring_up("head", "head-1", {});
  EXPECT_EQ(first, 2);
  EXPECT_TRUE(apply()->complete());
}

TEST_F(NodeSteps, InitializationRunsOncePerChangeAndSetUpAgain) {
  NodeSpec& spec = desired.specs.at({"head"});
  spec.initialization_commands = {"init"};
  up(0);
  add(SetUpNode{{"head-1"}, {"other"}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("init"), 1);
  EXPECT_EQ(times_ran("install head"), 2);
  spec.initialization_commands = {"init", "more"};
  add(SetUpNode{{"head-1"}, {"third"}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("init"), 2);
  EXPECT_EQ(times_ran("more"), 1);
}

TEST_F(NodeSteps, SetUpOfAWorkerKnowsTheHeadIfItAsks) {
  desired.specs.at({"small"}).setup_commands = {"ping $RAY_HEAD_IP", "other"};
  up(1);
  const FakeMachine& worker = fake.machine("small-1");
  for (const auto& [token, op] : worker.ops) {
    if (op.command.argv.back() != "ping $RAY_HEAD_IP") continue;
    EXPECT_EQ(op.command.env.at("RAY_HEAD_IP"), record("head-1").ip);
  }
  EXPECT_EQ(times_ran("ping $RAY_HEAD_IP"), 1);
}

TEST_F(NodeSteps, AnIdleNodeIsDrainedAtOnce) {
  up(1);
  const CloudId id = record("small-1").id;
  const Time before = fake.clock.now();
  add(DrainNode{{"small-1"}, id, Millis{60'000}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_TRUE(fake.machines.at(id).drained_at);
  EXPECT_LT(fake.clock.now() - before, Millis{1'000});
  EXPECT_EQ(record("small-1").phase, Phase::kDraining);
}

TEST_F(NodeSteps, ABusyNodeIsGivenTimeButNoMoreThanItsPatience) {
  up(2);
  for (const auto& [node, busy, most] :
       {std::tuple{"small-1", 14'000, 16'000}, std::tuple{"small-2", 900'000, 62'000}}) {
    const CloudId id = record(node).id;
    const Time before = fake.clock.now();
    fake.machines.at(id).busy_until = before + Millis{busy};
    const int drain = add(DrainNode{{node}, id, Millis{60'000}});
    add(TerminateNode{{node}, id}, {drain});
    ASSERT_TRUE(apply()->complete());
    EXPECT_GE(fake.clock.now() - before, std::min(Millis{busy}, Millis{60'000}));
    EXPECT_LT(fake.clock.now() - before, Millis{most});
    EXPECT_FALSE(records().nodes.contains({node}));
  }
}

TEST_F(NodeSteps, DrainingIsDoneWhereThereIsNobodyToAsk) {
  up(2);
  fake.rules.gcs_down = true;
  add(DrainNode{{"small-1"}, record("small-1").id, Millis{60'000}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_NE(observer.talk.find("small-1: not drained: GCS does not answer"), std::string::npos);
  fake.rules.gcs_down = false;
  add(StopRay{{"small-2"}});
  ASSERT_TRUE(apply()->complete());
  add(DrainNode{{"small-2"}, record("small-2").id, Millis{60'000}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_NE(observer.talk.find("small-2: already gone from Ray"), std::string::npos);
}

// A node that was released for idleness and is in use again stays, as it was.
TEST_F(NodeSteps, ANodeInUseAgainStaysAsItWas) {
  up(1);
  const NodeRecord before = record("small-1");
  fake.machine("small-1").busy_until = fake.clock.now() + Millis{900'000};
  const int drain = add(DrainNode{{"small-1"}, before.id, Millis{60'000}, true});
  const int end = add(TerminateNode{{"small-1"}, before.id}, {drain});
  const auto report = apply();
  ASSERT_TRUE(report.ok());
  const StepResult& refused = report->steps.at(static_cast<std::size_t>(drain));
  EXPECT_EQ(refused.outcome, StepResult::Outcome::kFailed);
  EXPECT_EQ(refused.error.fault, Fault::kConflict);
  EXPECT_EQ(refused.error.code, ErrorCode::kDrainFailed);
  EXPECT_EQ(refused.error.message,
            "node is in use again: The node to be idle terminated is no longer idle.");
  EXPECT_EQ(report->steps.at(static_cast<std::size_t>(end)).outcome, StepResult::Outcome::kSkipped);
  EXPECT_EQ(record("small-1"), before);
  EXPECT_FALSE(fake.machine("small-1").drained_at);
  EXPECT_TRUE(records().open.empty());
}

TEST_F(NodeSteps, NobodyGoesForIdlenessWhereRayCannotBeAsked) {
  up(1);
  const NodeRecord before = record("small-1");
  for (const char* call : {"view", "drain"}) {
    fake.mishap = [&](const std::string& name) {
      return name == call ? Mishap::kLostBefore : Mishap::kNone;
    };
    const int drain = add(DrainNode{{"small-1"}, before.id, Millis{60'000}, true});
    add(TerminateNode{{"small-1"}, before.id}, {drain});
    const auto report = apply();
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->steps.at(static_cast<std::size_t>(drain)).error.fault, Fault::kConflict);
    EXPECT_EQ(record("small-1"), before) << call;
    EXPECT_TRUE(records().open.empty()) << call;
  }
}

TEST_F(NodeSteps, AnIdleOneGoesIfItIsIdle) {
  up(2);
  add(StopRay{{"small-2"}});
  ASSERT_TRUE(apply()->complete());
  for (const char* node : {"small-1", "small-2"}) {
    const int drain = add(DrainNode{{node}, record(node).id, Millis{60'000}, true});
    add(TerminateNode{{node}, record(node).id}, {drain});
  }
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(records().nodes.size(), 1U);
}

TEST_F(NodeSteps, TerminatingWaitsUntilTheMachineIsGoneAndForgetsIt) {
  up(1);
  const CloudId id = record("small-1").id;
  fake.rules.stopping = Millis{40'000};
  add(TerminateNode{{"small-1"}, id});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(fake.machines.at(id).node.power, Power::kStopping);
  EXPECT_FALSE(records().nodes.contains({"small-1"}));
}

TEST_F(NodeSteps, AMachineThatGoesOnRunningIsNotForgotten) {
  up(1);
  const CloudId id = record("small-1").id;
  fake.mishap = [](const std::string& call) {
    return call == "terminate" ? Mishap::kLostBefore : Mishap::kNone;
  };
  add(TerminateNode{{"small-1"}, id});
  const auto report = apply();
  EXPECT_EQ(report->failed(), 1);
  EXPECT_EQ(report->steps[0].error.fault, Fault::kUnknown);
  EXPECT_TRUE(records().nodes.contains({"small-1"}));
  EXPECT_EQ(records().open.size(), 1U);
}

TEST_F(NodeSteps, SyncedFilesComeFromTheHead) {
  up(1);
  fake.machine("head-1").files["~/x"] = "made on the head";
  desired.specs.at({"small"}).synced_files = {"~/x", "~/not-there"};
  add(SyncFromHead{{"small-1"}, {"s"}});
  const auto report = apply();
  ASSERT_TRUE(report && report->complete()) << errors_of(report);
  EXPECT_EQ(fake.machine("small-1").files["~/x"], "made on the head");
  EXPECT_FALSE(fake.machine("small-1").files.contains("~/not-there"));
  EXPECT_EQ(record("small-1").applied.synced, Digest{"s"});
}

TEST_F(NodeSteps, SyncedFilesThatDoNotArriveAreNotRecorded) {
  up(1);
  desired.specs.at({"small"}).synced_files = {"~/x"};
  fake.mishap = [](const std::string& call) {
    return call == "relay" ? Mishap::kLostBefore : Mishap::kNone;
  };
  add(SyncFromHead{{"small-1"}, {"s"}});
  const auto report = apply();
  EXPECT_EQ(report->failed(), 1);
  EXPECT_TRUE(record("small-1").applied.synced.empty());
}

}  // namespace
}  // namespace rayctl
