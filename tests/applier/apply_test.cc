#include <gtest/gtest.h>

#include "tests/applier/lab.h"

namespace rayctl {
namespace {

using Outcome = StepResult::Outcome;

TEST(Apply, BringsUpAHeadAndWorkers) {
  Lab lab;
  lab.plan_cluster(2);
  const Result<ApplyReport> report = lab.apply();
  ASSERT_TRUE(report && report->complete()) << errors_of(report);
  const Snapshot now = lab.records();
  EXPECT_EQ(now.serial, report->serial);
  EXPECT_TRUE(now.open.empty());
  EXPECT_EQ(now.cluster_id.text.size(), 16U);
  EXPECT_EQ(now.epoch, 1);
  EXPECT_EQ(now.config, lab.desired.config);
  EXPECT_EQ(now.highest, (std::map<NodeTypeName, int>{{{"head"}, 1}, {{"small"}, 2}}));
  ASSERT_EQ(now.nodes.size(), 3U);
  for (const auto& [name, record] : now.nodes) {
    SpecDigests digests = lab.digests(record.type.text);
    SpecDigests applied = digests;
    applied.start = {};
    EXPECT_EQ(record.applied, applied) << name.text;
    digests.launch = {};
    EXPECT_EQ(record.running, digests) << name.text;
    EXPECT_EQ(record.phase, Phase::kReady);
    EXPECT_EQ(record.ip, lab.fake.machines.at(record.id).node.internal_ip);
    EXPECT_TRUE(now.breakdown.contains(digests.setup));
  }
  EXPECT_TRUE(now.nodes.at({"head-1"}).head);
}

TEST(Apply, MachinesCarryWhatAnImportNeeds) {
  Lab lab;
  lab.plan_cluster(1);
  ASSERT_TRUE(lab.apply()->complete());
  const Snapshot now = lab.records();
  for (const auto& [name, record] : now.nodes) {
    CloudNode machine = lab.fake.machines.at(record.id).node;
    read_tags(machine);
    EXPECT_EQ(machine.name, name);
    EXPECT_EQ(machine.cluster, now.cluster_id);
    NodeRecord rebuilt = record_from_tags(machine, record.provider);
    rebuilt.launched_at = record.launched_at;
    EXPECT_EQ(rebuilt, record);
  }
}

TEST(Apply, AnEmptyPlanWritesNothingButWhatTheFileSays) {
  Lab lab;
  ASSERT_TRUE(lab.apply()->complete());
  EXPECT_EQ(lab.records().epoch, 0);
  EXPECT_EQ(lab.records().config, lab.desired.config);
  const std::int64_t serial = lab.records().serial;
  ASSERT_TRUE(lab.apply()->complete());
  EXPECT_EQ(lab.records().serial, serial);
}

TEST(Apply, RefusesAPlanWhoseBasisMoved) {
  Lab lab;
  lab.plan_cluster(0);
  ASSERT_TRUE(lab.apply()->complete());
  lab.plan_cluster(0);
  World world = lab.fake.world(lab.store);
  struct Case {
    std::string lineage;
    std::int64_t epoch;
    std::string says;
  };
  for (const Case& each : {Case{"other", 1, "another state"}, Case{"", 1, "another state"},
                           Case{"fake-lineage", 0, "another apply"}}) {
    lab.plan.lineage = each.lineage;
    lab.plan.epoch = each.epoch;
    const auto report = apply_plan(lab.plan, world, lab.options, {}, lab.observer);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::kPlanStale);
    EXPECT_NE(report.error().message.find(each.says), std::string::npos) << report.error().message;
  }
  EXPECT_EQ(lab.fake.machines.size(), 1U);
}

TEST(Apply, RefusesABlockedPlan) {
  Lab lab;
  lab.plan_cluster(0);
  lab.plan.blocked.push_back({.summary = "machine i-9 is not ours"});
  const auto report = lab.apply();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kPlanNeedsDecision);
  EXPECT_EQ(report.error().message, "machine i-9 is not ours");
  EXPECT_TRUE(lab.fake.machines.empty());
}

TEST(Apply, AnAutoscalersApplyMovesNoEpoch) {
  Lab lab;
  lab.options.counts_as_apply = false;
  lab.plan_cluster(0);
  ASSERT_TRUE(lab.apply()->complete());
  EXPECT_EQ(lab.records().epoch, 0);
}

TEST(Apply, AFalsePreconditionFailsTheStepAndThoseAfterIt) {
  Lab lab;
  lab.plan_cluster(1);
  ASSERT_TRUE(lab.apply()->complete());
  const NodeRecord record = lab.record("small-1");
  SpecDigests other = record.applied;
  other.setup = {"other"};
  for (const Precondition& pre :
       {Precondition{.id = CloudId{"i-999"}}, Precondition{.last_applied = other}}) {
    const int stop = lab.add(StopRay{{"small-1"}});
    lab.plan.steps.back().pre = pre;
    lab.add(StartRay{{"small-1"}, lab.digests("small").start}, {stop});
    const auto report = lab.apply();
    EXPECT_EQ(outcomes(report), (std::vector<Outcome>{Outcome::kFailed, Outcome::kSkipped}));
    EXPECT_EQ(report->steps[0].error.code, ErrorCode::kPreconditionFailed);
  }
  EXPECT_NE(lab.fake.ray_on(lab.fake.machine("small-1")), nullptr);
  lab.add(StopRay{{"small-1"}});
  lab.plan.steps.back().pre = {
      .id = record.id, .power = Power::kRunning, .last_applied = record.applied};
  EXPECT_TRUE(lab.apply()->complete());
}

TEST(Apply, AMachineThatStoppedSinceThePlanFailsThePrecondition) {
  Lab lab;
  lab.plan_cluster(1);
  ASSERT_TRUE(lab.apply()->complete());
  const NodeRecord record = lab.record("small-1");
  lab.fake.machines.at(record.id).node.power = Power::kStopped;
  lab.fake.clock.turn(Millis{60'000});
  lab.add(StopRay{{"small-1"}});
  lab.plan.steps.back().pre = {.id = record.id, .power = Power::kRunning};
  const auto report = lab.apply();
  EXPECT_EQ(report->steps[0].error.code, ErrorCode::kPreconditionFailed) << errors_of(report);
}

TEST(Apply, ToldToStopItLeavesAResumableState) {
  Lab lab;
  lab.plan_cluster(1);
  lab.fake.crash_point = [&](const std::string& point, const Action& action) {
    const auto* set_up = std::get_if<SetUpNode>(&action);
    if (point == "begin:after" && set_up != nullptr) lab.stop.request_stop();
  };
  const auto report = lab.apply();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->stopped);
  EXPECT_FALSE(report->complete());
  EXPECT_EQ(report->failed(), 0);
  EXPECT_TRUE(lab.records().open.empty());
  EXPECT_EQ(lab.record("head-1").applied.setup, lab.digests("head").setup);
  EXPECT_EQ(lab.record("head-1").phase, Phase::kLaunched);
  EXPECT_TRUE(lab.records().config.empty());
}

TEST(Apply, ThrottledCallsAreRetriedWithBackoff) {
  Lab lab;
  lab.plan_cluster(1);
  int calls = 0;
  lab.fake.mishap = [&](const std::string&) {
    return ++calls % 3 == 1 ? Mishap::kThrottled : Mishap::kNone;
  };
  const auto report = lab.apply();
  EXPECT_TRUE(report->complete()) << errors_of(report);
}

TEST(Apply, RecordsOnlySteps) {
  Lab lab;
  lab.plan_cluster(2);
  ASSERT_TRUE(lab.apply()->complete());
  const Snapshot before = lab.records();
  Action lost = StopRay{{"small-2"}};
  ASSERT_TRUE(lab.store.begin({.token = {"old"}, .action = lost}, before.serial));
  lab.add(CloseOp{{"old"}});
  lab.add(ForgetNode{{"small-2"}});
  lab.add(ConfigureAutoscaler{{"limits"}});
  ASSERT_TRUE(lab.apply()->complete());
  const Snapshot now = lab.records();
  EXPECT_TRUE(now.open.empty());
  EXPECT_FALSE(now.nodes.contains({"small-2"}));
  EXPECT_EQ(now.autoscaler, Digest{"limits"});
  lab.add(AdoptNode{{"small-7"}, {"small"}, before.nodes.at({"small-2"}).id});
  ASSERT_TRUE(lab.apply()->complete());
  NodeRecord adopted = lab.record("small-7");
  NodeRecord original = before.nodes.at({"small-2"});
  EXPECT_GT(adopted.launched_at, original.launched_at);
  adopted.launched_at = original.launched_at;
  EXPECT_EQ(adopted, original);
  EXPECT_EQ(lab.records().highest.at({"small"}), 7);
  EXPECT_EQ(lab.fake.machines.at(adopted.id).node.tags.at(kTagNode), "small-7");
}

TEST(Apply, EachStepIsToldOfOnce) {
  Lab lab;
  lab.options.parallelism = 4;
  lab.plan_cluster(3);
  const std::size_t steps = lab.plan.steps.size();
  const auto report = lab.apply();
  ASSERT_TRUE(report->complete()) << errors_of(report);
  EXPECT_EQ(lab.observer.begun.size(), steps);
  EXPECT_EQ(lab.observer.ended.size(), steps);
  EXPECT_NE(lab.observer.talk.find("small-3: alive in GCS"), std::string::npos);
  EXPECT_NE(lab.observer.outputs.find("small-2 setup: output of install small"), std::string::npos);
  EXPECT_GT(report->steps[2].took, Millis{0});
}

}  // namespace
}  // namespace rayctl
