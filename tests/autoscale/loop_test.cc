#include "cli/autoscale/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>

#include "base/text.h"
#include "model/tags.h"
#include "tests/autoscale/loop_world.h"

namespace rayctl {
namespace {

using testing::Contains;
using testing::HasSubstr;
using Counts = std::map<NodeTypeName, int>;

const NodeTypeName kSmall{"small"}, kBig{"big"}, kGpu{"gpu"};
const Counts kLeast{{kSmall, 1}};
const CloudId kHead{"i-100"};

class LoopTest : public testing::Test, public LoopWorld {
 protected:
  LoopTest() { EXPECT_TRUE(apply()->complete()); }

  bool settles(const Counts& counts, int most = 60) {
    return ticks_until(most, [&] { return workers() == counts; });
  }
  CloudId machine_of_node(const std::string& name) { return records().nodes.at({name}).id; }
  int said_of(const std::string& part) const {
    return static_cast<int>(std::count_if(said.begin(), said.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    }));
  }
};

TEST_F(LoopTest, NodesComeForWorkAndGoWhenIdle) {
  fake.work.submit({{"CPU", 1}}, 8, Millis{60'000});
  EXPECT_TRUE(ticks_until(100, [&] { return fake.work.finished() == 8; }));
  EXPECT_EQ(disagreement(), "");
  EXPECT_TRUE(settles(kLeast));
  EXPECT_EQ(disagreement(), "");
  EXPECT_EQ(fake.work.interrupted(), 0);
}

TEST_F(LoopTest, NothingIsDoneWhereNothingIsToDo) {
  ticks(50);
  EXPECT_TRUE(plans.size() == 1) << "the operator's alone";
  EXPECT_EQ(books.shown.state, "idle");
  EXPECT_EQ(books.ticks, 50);
}

TEST_F(LoopTest, PausedItDecidesReportsAndDoesNothing) {
  books.held = {.all = true, .until = fake.clock.now() + Millis{100'000}, .who = "ana"};
  fake.work.submit({{"GPU", 1}}, 1, Millis{1'000});
  ticks(10);
  EXPECT_EQ(books.shown.state, "paused");
  EXPECT_EQ(books.last.decision.launch.at(kGpu), 1);
  EXPECT_EQ(reported().asked.front().type, kGpu);
  EXPECT_EQ(workers(), kLeast);
  // The pause runs out.
  EXPECT_TRUE(ticks_until(30, [&] { return fake.work.finished() == 1; }));
}

TEST_F(LoopTest, APausedTypeIsLeftAloneAndTheOthersAreNot) {
  books.held.types = {kGpu};
  fake.work.submit({{"GPU", 1}}, 1, Millis{1'000});
  fake.work.submit({{"CPU", 8}}, 1, Millis{1'000});
  EXPECT_TRUE(ticks_until(30, [&] { return fake.work.finished() == 1; }));
  EXPECT_FALSE(workers().contains(kGpu));
  EXPECT_EQ(fake.work.waiting(), 1);
  books.held = {};
  EXPECT_TRUE(ticks_until(30, [&] { return fake.work.finished() == 2; }));
}

TEST_F(LoopTest, ANodeThatRayDoesNotListForAMomentIsNotTouched) {
  FakeMachine& machine = fake.machine("small-1");
  machine.deaf = true;
  ticks(5);
  machine.deaf = false;
  ticks(10);
  EXPECT_EQ(plans.size(), 1U);
  // Longer than a moment: Ray is started on it again.
  machine.deaf = true;
  ticks(8);
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans.back().steps.front().reason, Reason::kRayDown);
}

TEST_F(LoopTest, AMachineThatIsGoneIsForgottenAtOnce) {
  ticks(30);  // a young one may only not be listed yet
  FakeMachine& machine = fake.machine("small-1");
  machine.node.power = Power::kGone;
  machine.ops.clear();
  fake.settle();
  ticks(1);
  EXPECT_FALSE(records().nodes.contains(NodeName{"small-1"}));
  EXPECT_EQ(workers().at(kSmall), 1);
}

TEST_F(LoopTest, AClockSetBackDoesNotMakeThatMomentLonger) {
  fake.machine("small-1").deaf = true;
  tick();
  clock.wrong -= Millis{3'600'000};
  ticks(8);
  EXPECT_EQ(plans.size(), 2U);
}

TEST_F(LoopTest, WithoutRayNothingIsDecided) {
  ticks(3);
  fake.rules.gcs_down = true;
  fake.work.submit({{"GPU", 1}}, 1, Millis{1'000});
  ticks(100);
  EXPECT_EQ(books.ticks, 3);
  EXPECT_EQ(books.shown.state, "waiting");
  EXPECT_THAT(books.shown.trouble, HasSubstr("GCS does not answer"));
  EXPECT_EQ(plans.size(), 1U);
  EXPECT_EQ(books.lines.size(), 1U) << join(books.lines, "\n");
  fake.rules.gcs_down = false;
  EXPECT_TRUE(ticks_until(30, [&] { return fake.work.finished() == 1; }));
}

TEST_F(LoopTest, WithoutAHeadNothingIsDecidedAndItIsLeftToTheOperator) {
  fake.machines.at(kHead).node.power = Power::kGone;
  ticks(20);
  EXPECT_EQ(books.ticks, 0);
  EXPECT_EQ(books.shown.trouble, "no head runs");
  EXPECT_EQ(workers(), kLeast);
  EXPECT_EQ(plans.size(), 1U);
}

TEST_F(LoopTest, TheHeadIsNeverTouched) {
  // Its set-up changed, a failed start is recorded of it: the operator's to mend.
  config.head_setup_commands = {"install another"};
  fake.work.submit({{"CPU", 1}}, 20, Millis{30'000});
  EXPECT_TRUE(ticks_until(100, [&] { return fake.work.finished() == 20; }));
  EXPECT_TRUE(settles(kLeast));
  for (std::size_t i = 1; i < plans.size(); ++i) {
    for (const Step& step : plans[i].steps)
      EXPECT_THAT(nodes_of(step.action), testing::Not(Contains(NodeName{"head-1"})));
  }
}

TEST_F(LoopTest, ChangesOfTheFileAreLeftToTheOperator) {
  config.node_types[1].worker_setup_commands = {"install something else"};
  ticks(20);
  EXPECT_EQ(plans.size(), 1U);
  // It is not taken for applied either.
  const Snapshot before = records();
  fake.work.submit({{"GPU", 1}}, 1, Millis{1'000});
  EXPECT_TRUE(ticks_until(30, [&] { return fake.work.finished() == 1; }));
  EXPECT_EQ(records().config, before.config);
  EXPECT_EQ(records().autoscaler, before.autoscaler);
  EXPECT_EQ(records().epoch, before.epoch);
}

TEST_F(LoopTest, WhatIsDecidedIsSaidOnceAndReportedUnderARisingVersion) {
  fake.work.submit({{"GPU", 1}}, 1, Millis{60'000});
  ticks(4);
  EXPECT_EQ(said_of("Adding 1 node"), 1) << join(said, "\n");
  const std::int64_t version = reported().version;
  ticks(4);
  EXPECT_EQ(reported().version, version + 4);
  EXPECT_EQ(said_of("Adding 1 node"), 1) << join(said, "\n");
  // A report that is lost, and a loop that starts again, ask for the version.
  fake.mishap = [](const std::string& call) {
    return call == "report" ? Mishap::kLostAfter : Mishap::kNone;
  };
  ticks(1);
  fake.mishap = {};
  ticks(1);
  drop();
  ticks(1);
  EXPECT_EQ(reported().version, version + 7);
  // Another control service knows nothing of it.
  fake.gcs.report.reset();
  ticks(1);
  EXPECT_GT(reported().version, 0);
}

TEST_F(LoopTest, WhatCanNeverBePlacedIsReportedAndStarvesNobody) {
  fake.work.submit({{"CPU", 64}}, 2, Millis{1'000});
  fake.work.submit({{"GPU", 1}}, 1, Millis{1'000});
  EXPECT_TRUE(ticks_until(30, [&] { return fake.work.finished() == 1; }));
  const ResourceRequest never{.bundle = {{"CPU", 64}}};
  EXPECT_THAT(reported().impossible, testing::ElementsAre(never));
  EXPECT_EQ(said_of("64"), 1) << join(said, "\n");
}

// ray#29791: five errors in a row ended Ray's autoscaler for good.
TEST_F(LoopTest, AThousandProviderErrorsInARowLeaveItAlive) {
  int errors = 0;
  fake.mishap = [&](const std::string& call) {
    if (call != "create" && call != "list") return Mishap::kNone;
    return ++errors % 2 == 0 ? Mishap::kRefused : Mishap::kThrottled;
  };
  fake.work.submit({{"CPU", 8}}, 2, Millis{1'000});
  EXPECT_TRUE(ticks_until(2'000, [&] { return errors >= 500; }));
  // Where machines can be listed and none can be had.
  fake.mishap = [&](const std::string& call) {
    if (call != "create") return Mishap::kNone;
    ++errors;
    return Mishap::kRefused;
  };
  EXPECT_TRUE(ticks_until(
      3'000, [&] { return errors >= 1'000; }, Millis{600'000}))
      << errors;
  fake.mishap = {};
  EXPECT_TRUE(ticks_until(300, [&] { return fake.work.finished() == 2; }));
  EXPECT_TRUE(settles(kLeast));
  EXPECT_EQ(disagreement(), "");
  RecordProperty("provider_errors", errors);
}

TEST_F(LoopTest, ABrokenSetUpIsNotPaidForAgainAndAgain) {
  fake.rules.exit_codes = {{"install big", 1}};
  fake.work.submit({{"CPU", 8}}, 2, Millis{1'000});
  ticks(60);
  EXPECT_EQ(fake.machines.size(), 4U) << "the head, one of small and two of big";
  EXPECT_EQ(books.last.decision.memory.trouble.at(kBig).at("").kind, Happened::Kind::kSetUpFailed);
  fake.rules.exit_codes.clear();
  EXPECT_TRUE(ticks_until(300, [&] { return fake.work.finished() == 2; }));
}

class LoopBrokenMachine : public LoopTest,
                          public ::testing::WithParamInterface<bool FakeMachine::*> {};

TEST_P(LoopBrokenMachine, IsNotKeptForever) {
  bool first = true;
  fake.mishap = [&](const std::string&) {
    for (auto& [id, machine] : fake.machines) {
      if (machine.node.tags[kTagUserNodeType] == "gpu" && std::exchange(first, false))
        machine.*GetParam() = true;
    }
    return Mishap::kNone;
  };
  fake.work.submit({{"GPU", 1}}, 1, Millis{1'000});
  EXPECT_TRUE(ticks_until(
      400, [&] { return fake.work.finished() == 1; }, Millis{10'000}));
  EXPECT_TRUE(settles(kLeast));
}
INSTANTIATE_TEST_SUITE_P(Loop, LoopBrokenMachine,
                         ::testing::Values(&FakeMachine::deaf, &FakeMachine::mute),
                         [](const auto& each) {
                           return each.index == 0 ? "NeverJoins" : "NeverAnswers";
                         });

class OthersTurn final : public Turn {
 public:
  Say ask() override { return say; }
  Result<> may_begin() override { return {}; }
  std::string holder() override { return "ana@laptop"; }
  std::string trouble() override { return "unread"; }
  void give_back() override { ++given_back; }
  Say say = Say::kOthers;
  int given_back = 0;
};

TEST_F(LoopTest, WhileAnotherWorksItSaysAndDoesNothing) {
  OthersTurn others;
  turn = &others;
  fake.work.submit({{"GPU", 1}}, 1, Millis{1'000});
  ticks(10);
  EXPECT_EQ(books.shown.state, "standing by");
  EXPECT_EQ(books.shown.holder, "ana@laptop");
  EXPECT_EQ(books.shown.trouble, "unread");
  EXPECT_EQ(books.ticks, 0);
  EXPECT_FALSE(fake.gcs.report);
  EXPECT_EQ(plans.size(), 1U);
  EXPECT_EQ(others.given_back, 10);
  others.say = Turn::Say::kMine;
  EXPECT_TRUE(ticks_until(30, [&] { return fake.work.finished() == 1; }));
}

TEST_F(LoopTest, TheSameDecisionLeavesAPlanAloneAndAnotherOneReplacesIt) {
  std::atomic<int> begun = 0, left = 0;
  beside = [&](const Plan&, std::stop_token leave) -> Result<ApplyReport> {
    ++begun;
    begun.notify_all();
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, leave, [] { return false; });
    ++left;
    return unknown_outcome(ErrorCode::kInterrupted, "left as it is");
  };
  fake.work.submit({{"GPU", 1}}, 1, Millis{1'000});
  ticks(5);
  begun.wait(0);
  EXPECT_EQ(books.shown.state, "working");
  EXPECT_EQ(books.ticks, 5);
  EXPECT_EQ(left, 0);
  fake.work.submit({{"CPU", 8}}, 1, Millis{1'000});
  ticks(5);
  begun.wait(1);
  EXPECT_EQ(left, 1);
  EXPECT_EQ(books.last.decision.scale.want, (Counts{{kSmall, 1}, {kBig, 1}, {kGpu, 1}}));
  books.held.all = true;
  ticks(1);
  EXPECT_EQ(left, 2) << "a pause leaves what is under way";
  books.held = {};
  ticks(1);
  begun.wait(2);
  drop();
  EXPECT_EQ(begun, 3);
  EXPECT_EQ(left, 3);
}

}  // namespace
}  // namespace rayctl
