#include "cli/autoscale/lease.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "cli/autoscale/cluster_lease.h"
#include "tests/cli/lease_world.h"

namespace rayctl {
namespace {

LeaseParty party(const std::string& id, LeaseKind kind, const std::string& program = "0.4") {
  return {id, id + "@laptop", kind, program, id + "-process"};
}
LeaseParty operator_of(const std::string& id) {
  return party(id, LeaseKind::kOperator);
}
LeaseParty autoscaler_of(const std::string& id, const std::string& program = "0.4") {
  return party(id, LeaseKind::kAutoscaler, program);
}

class LeaseTest : public testing::Test {
 public:
  Time in(int seconds) const { return clock.now() + Millis{1000 * seconds}; }
  void pass(int seconds) { world.now += Millis{1000 * seconds}; }
  LeaseAnswer try_take(Lease& lease) { return *lease.try_take(); }

  LeaseWorld world;
  SkewedClock clock{world};
  ShakyFile file{world};
  Lease worker{file, autoscaler_of("worker"), clock};
  Lease spare{file, autoscaler_of("spare"), clock};
  Lease ana{file, operator_of("ana"), clock};
};

/// The answer to the next change is lost; `done`: after it was made.
class LosesOne final : public SharedFile {
 public:
  LosesOne(SharedFile& file, bool done) : file_(file), done_(done) {}
  Result<SharedText> read(Time deadline) override { return file_.read(deadline); }
  Result<Swapped> swap(const std::optional<std::string>& expected, std::string_view wanted,
                       Time deadline, bool keep_age) override {
    const bool loses = std::exchange(loses_, false);
    if (loses && !done_) return unknown_outcome(ErrorCode::kCommandFailed, "it did not end");
    Result<Swapped> swapped = file_.swap(expected, wanted, deadline, keep_age);
    if (loses) return unknown_outcome(ErrorCode::kCommandFailed, "it did not end");
    return swapped;
  }
  void lose() { loses_ = true; }

 private:
  SharedFile& file_;
  bool done_;
  bool loses_ = false;
};

TEST_F(LeaseTest, OneAnswerThatIsLostIsNoFailure) {
  for (const bool done : {false, true}) {
    LosesOne shaky(file, done);
    Lease bo(shaky, operator_of("bo"), clock);
    shaky.lose();
    EXPECT_EQ(try_take(bo), LeaseAnswer::kTaken);
    shaky.lose();
    ASSERT_TRUE(bo.release().ok());
    EXPECT_TRUE(decode_lease(*world.text)->free());
  }
}

TEST_F(LeaseTest, TheRecordReadsBackAndLaterFormatsAreRefused) {
  LeaseRecord record;
  record.id = "x";
  record.owner = "ana \"the\" admin";
  record.kind = LeaseKind::kAutoscaler;
  record.process = "boot pid:[1] 7 9";
  record.program = "0.4";
  record.autoscaler = "0.3";
  record.epoch = 7;
  record.since = record.heartbeat = clock.now();
  record.expires = in(15);
  record.waiting = "bo";
  record.successor = "0.5";
  record.ended = true;
  EXPECT_EQ(*decode_lease(encode(record)), record);
  std::string later = encode(record);
  later.replace(later.find("\"1.0\""), 5, "\"2.0\"");
  EXPECT_EQ(decode_lease(later).error().code, ErrorCode::kStateTooNew);
  EXPECT_EQ(decode_lease("{").error().code, ErrorCode::kStateCorrupt);
  std::string wrong = encode(record);
  wrong.replace(wrong.find("autoscaler\",\n \"owner"), 10, "stranger");
  EXPECT_EQ(decode_lease(wrong).error().code, ErrorCode::kStateCorrupt);
}

TEST_F(LeaseTest, OneWorksTheOtherStandsBy) {
  EXPECT_EQ(try_take(worker), LeaseAnswer::kTaken);
  EXPECT_EQ(try_take(spare), LeaseAnswer::kHeld);
  EXPECT_EQ(spare.seen()->owner, "worker@laptop");
  EXPECT_FALSE(spare.held());
  EXPECT_TRUE(worker.still_mine(in(5)));
  EXPECT_FALSE(spare.still_mine(in(5)));
  ASSERT_TRUE(worker.release());
  EXPECT_FALSE(worker.still_mine(in(5)));
  EXPECT_EQ(try_take(spare), LeaseAnswer::kTaken);
  EXPECT_EQ(spare.seen()->epoch, 2);
}

TEST_F(LeaseTest, ADeadHoldersLeaseIsTakenAfterExpiry) {
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  pass(16);
  EXPECT_EQ(try_take(spare), LeaseAnswer::kHeld);
  pass(2);
  EXPECT_EQ(try_take(spare), LeaseAnswer::kTaken);
  EXPECT_EQ(*worker.beat(), LeaseWish::kLost);
  EXPECT_FALSE(worker.still_mine(in(1)));
  EXPECT_TRUE(worker.release());
  EXPECT_EQ(*spare.beat(), LeaseWish::kGoOn);
}

TEST_F(LeaseTest, AHolderWhoseProcessIsGoneLosesItAtOnce) {
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  Lease next(file, autoscaler_of("next"), clock,
             [](const LeaseRecord& holder) { return holder.process == "worker-process"; });
  EXPECT_EQ(try_take(next), LeaseAnswer::kTaken);
}

TEST_F(LeaseTest, HeartbeatsKeepItAndAnEffectExtendsIt) {
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  for (int second = 0; second < 60; ++second) {
    pass(1);
    ASSERT_EQ(*worker.beat(), LeaseWish::kGoOn);
    ASSERT_EQ(try_take(spare), LeaseAnswer::kHeld);
  }
  ASSERT_TRUE(worker.still_mine(in(120)));
  pass(5);
  ASSERT_EQ(*worker.beat(), LeaseWish::kGoOn);  // a later heartbeat does not make it end earlier
  pass(114);
  EXPECT_EQ(try_take(spare), LeaseAnswer::kHeld);
  EXPECT_FALSE(worker.still_mine(clock.now() + kLongestEffect + Millis{1}));
  pass(4);
  EXPECT_EQ(try_take(spare), LeaseAnswer::kTaken);
}

TEST_F(LeaseTest, AnOperatorWhoWaitsGetsItFromAnAutoscaler) {
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  int polls = 0;
  clock.on_sleep = [&] {
    if (++polls != 4) return;
    EXPECT_EQ(*worker.beat(), LeaseWish::kYield);
    EXPECT_TRUE(worker.still_mine(in(5)));  // what has begun may be finished
    ASSERT_TRUE(worker.release());
    EXPECT_EQ(try_take(worker), LeaseAnswer::kReserved);
    EXPECT_EQ(try_take(spare), LeaseAnswer::kReserved);
  };
  ASSERT_TRUE(ana.take(Millis{0}, {}));
  EXPECT_EQ(ana.seen()->waiting, "");
  EXPECT_EQ(try_take(worker), LeaseAnswer::kHeld);
  ASSERT_TRUE(ana.release());
  EXPECT_EQ(try_take(worker), LeaseAnswer::kTaken);
}

TEST_F(LeaseTest, TheReserveOfAnOperatorWhoWentAwayEnds) {
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  std::stop_source source;
  clock.on_sleep = [&] { source.request_stop(); };
  const Result<> told = ana.take(Millis{0}, source.get_token());
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(*worker.beat(), LeaseWish::kGoOn);  // the wish was taken back
  // One that was killed took nothing back.
  LeaseRecord record = *worker.seen();
  record.waiting = "killed";
  world.text = encode(record);
  EXPECT_EQ(*worker.beat(), LeaseWish::kYield);
  ASSERT_TRUE(worker.release());
  EXPECT_EQ(try_take(worker), LeaseAnswer::kReserved);
  pass(11);
  EXPECT_EQ(try_take(worker), LeaseAnswer::kTaken);
}

TEST_F(LeaseTest, OperatorsWaitForOperatorsOnlyAsLongAsTheySaid) {
  ASSERT_TRUE(ana.take(Millis{0}, {}));
  Lease bo(file, operator_of("bo"), clock);
  const Time before = clock.now();
  const Result<> now = bo.take(Millis{0}, {});
  ASSERT_FALSE(now);
  EXPECT_EQ(now.error().code, ErrorCode::kLocked);
  EXPECT_NE(now.error().message.find("ana@laptop"), std::string::npos);
  EXPECT_EQ(clock.now(), before);
  clock.on_sleep = [&] { EXPECT_EQ(*ana.beat(), LeaseWish::kGoOn); };
  EXPECT_FALSE(bo.take(Millis{20'000}, {}));
  EXPECT_GE(clock.now() - before, Millis{20'000});
  EXPECT_EQ(try_take(worker), LeaseAnswer::kHeld);
  clock.on_sleep = {};  // ana dies
  EXPECT_TRUE(bo.take(Millis{20'000}, {}));
}

TEST_F(LeaseTest, AskingDoesNotMakeADeadHolderLiveLonger) {
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  pass(10);
  const Time before = clock.now();
  ASSERT_TRUE(ana.take(Millis{60'000}, {}));
  EXPECT_LE(clock.now() - before, Millis{9'000});
}

TEST_F(LeaseTest, WhatDownEndedIsTakenByAnOperatorAlone) {
  ASSERT_TRUE(ana.take(Millis{0}, {}));
  EXPECT_FALSE(worker.end());
  ASSERT_TRUE(ana.end());
  EXPECT_TRUE(ana.still_mine(in(5)));
  ASSERT_TRUE(ana.release());
  EXPECT_EQ(try_take(worker), LeaseAnswer::kEnded);
  pass(100);
  EXPECT_EQ(try_take(worker), LeaseAnswer::kEnded);
  ASSERT_TRUE(ana.take(Millis{0}, {}));
  ASSERT_TRUE(ana.release());
  EXPECT_EQ(try_take(worker), LeaseAnswer::kTaken);
}

TEST_F(LeaseTest, ANewerAutoscalerAsksTheOlderToEnd) {
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  Lease newer(file, autoscaler_of("newer", "0.10"), clock);
  EXPECT_EQ(try_take(newer), LeaseAnswer::kHeld);
  EXPECT_EQ(*worker.beat(), LeaseWish::kEnd);
  ASSERT_TRUE(worker.release());
  EXPECT_EQ(try_take(worker), LeaseAnswer::kNewer);  // before the newer one has it
  EXPECT_EQ(try_take(newer), LeaseAnswer::kTaken);
  EXPECT_EQ(try_take(spare), LeaseAnswer::kNewer);
  EXPECT_EQ(*newer.beat(), LeaseWish::kGoOn);
  pass(100);
  EXPECT_EQ(try_take(spare), LeaseAnswer::kNewer);
}

TEST_F(LeaseTest, AnOlderOperatorIsRefusedUntilTheClusterEnded) {
  Lease newer(file, autoscaler_of("newer", "0.10"), clock);
  ASSERT_EQ(try_take(newer), LeaseAnswer::kTaken);
  const Result<> refused = ana.take(Millis{60'000}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kConflict);
  EXPECT_EQ(error_code_info(refused.error().code).exit_class, ExitClass::kStale);
  EXPECT_NE(refused.error().message.find("0.10"), std::string::npos);
  EXPECT_NE(refused.error().message.find("0.4"), std::string::npos);
  ASSERT_TRUE(newer.release());
  EXPECT_FALSE(ana.take(Millis{0}, {}));
  // A newer operator alone does not shut the older autoscaler out.
  world.text.reset();
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  ASSERT_TRUE(worker.release());
  Lease bo(file, party("bo", LeaseKind::kOperator, "0.10"), clock);
  ASSERT_TRUE(bo.take(Millis{0}, {}));
  ASSERT_TRUE(bo.release());
  EXPECT_EQ(try_take(worker), LeaseAnswer::kTaken);
  // After `down` nothing of the newer one is left.
  ASSERT_TRUE(worker.release());
  ASSERT_EQ(try_take(newer), LeaseAnswer::kTaken);
  ASSERT_TRUE(newer.release());
  ASSERT_TRUE(bo.take(Millis{0}, {}));
  ASSERT_TRUE(bo.end());
  ASSERT_TRUE(bo.release());
  EXPECT_TRUE(ana.take(Millis{0}, {}));
}

TEST_F(LeaseTest, ARecordThatCannotBeReadIsNotOverwritten) {
  world.text = "nonsense";
  EXPECT_EQ(worker.try_take().error().code, ErrorCode::kStateCorrupt);
  EXPECT_EQ(world.text, "nonsense");
  world.text.reset();
  ASSERT_EQ(try_take(worker), LeaseAnswer::kTaken);
  const std::string mine = *world.text;
  pass(6);
  world.text = "nonsense";
  EXPECT_FALSE(worker.beat());
  EXPECT_FALSE(worker.still_mine(in(1)));
  world.text = mine;
  EXPECT_EQ(*worker.beat(), LeaseWish::kGoOn);
  EXPECT_TRUE(worker.still_mine(in(1)));
  pass(2);
  world.text.reset();
  EXPECT_EQ(*worker.beat(), LeaseWish::kLost);
}

TEST_F(LeaseTest, ATurnSaysWhyItCannotBeTakenAndEndsAfterTwoMinutes) {
  LeaseTurn turn(worker, clock);
  world.text = "nonsense";
  EXPECT_EQ(turn.ask(), Turn::Say::kOthers);
  EXPECT_NE(turn.trouble(), "");
  pass(100);
  EXPECT_EQ(turn.ask(), Turn::Say::kOthers);
  world.text.reset();
  EXPECT_EQ(turn.ask(), Turn::Say::kMine);
  EXPECT_EQ(turn.trouble(), "");
  turn.give_back();
  world.text = "nonsense";
  EXPECT_EQ(turn.ask(), Turn::Say::kOthers);
  pass(119);
  EXPECT_EQ(turn.ask(), Turn::Say::kOthers);
  EXPECT_FALSE(turn.lost());
  pass(2);
  EXPECT_EQ(turn.ask(), Turn::Say::kEnded);
  EXPECT_TRUE(turn.lost());
}

}  // namespace
}  // namespace rayctl
