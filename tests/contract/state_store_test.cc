// What every StateStore must do. A new one is held to it by one more line at the end.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "state/sqlite_store.h"
#include "state/store.h"
#include "tests/support/state_store_fake.h"

namespace rayctl {
namespace {

/// A place where a store is: each call opens it once more, as another process would.
using Open = std::function<std::unique_ptr<StateStore>()>;

struct Kind {
  const char* name;
  std::function<Open(const std::filesystem::path& folder)> place;
};

SystemClock system_clock;

class StateStoreTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "rayctl-store-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    open_ = GetParam().place(folder_);
    store_ = open_();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  Snapshot load() {
    const Result<Snapshot> loaded = store_->load();
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *loaded : Snapshot{};
  }

  std::filesystem::path folder_;
  Open open_;
  std::unique_ptr<StateStore> store_;
};

Time at(int seconds) {
  return Time{std::chrono::seconds{1'700'000'000 + seconds}};
}

OpenOp op(const char* token, int second = 0) {
  return {{token}, CreateNodes{{"gpu"}, {{"gpu-1"}, {"gpu-2"}}}, at(second)};
}

NodeRecord record(const char* id) {
  NodeRecord record{.type = {"gpu"}, .provider = {"process"}, .id = {id}};
  record.ip = "127.0.1.2";
  record.phase = Phase::kFailed;
  record.applied = {{"a1"}, {"a2"}, {"a3"}, {"a4"}, {"a5"}, {"a6"}};
  record.running = {{}, {"b2"}, {}, {"b4"}, {"b5"}, {}};
  record.made_by = OpToken{"t"};
  record.launched_at = at(77);
  record.failure = "it's \"odd\": \xC3\xA9\n, a=b";
  return record;
}

Finished finished(const char* token) {
  Finished done;
  done.token = {token};
  return done;
}

TEST_P(StateStoreTest, EmptyAtFirst) {
  EXPECT_EQ(load(), Snapshot{});
  EXPECT_EQ(*store_->holder(), std::nullopt);
  EXPECT_TRUE(store_->history(10)->empty());
  EXPECT_TRUE(store_->journal(10)->empty());
}

TEST_P(StateStoreTest, FirstWriteMakesTheLineageAndItStays) {
  EXPECT_EQ(*store_->begin(op("t1"), 0), 1);
  const std::string lineage = load().lineage;
  EXPECT_FALSE(lineage.empty());
  EXPECT_EQ(*store_->finish(finished("t1"), 1, at(1)), 2);
  EXPECT_EQ(*store_->change_cluster({}, 2), 3);
  EXPECT_EQ(load().lineage, lineage);
  EXPECT_EQ(load().serial, 3);
}

TEST_P(StateStoreTest, BegunIsOpenOldestFirst) {
  ASSERT_TRUE(store_->begin(op("z", 2), 0));
  ASSERT_TRUE(store_->begin(op("a", 1), 1));
  EXPECT_EQ(load().open, (std::vector<OpenOp>{op("z", 2), op("a", 1)}));
}

TEST_P(StateStoreTest, BegunTwiceIsOpenOnce) {
  ASSERT_TRUE(store_->begin(op("t1", 1), 0));
  EXPECT_EQ(*store_->begin(op("t1", 5), 1), 2);
  EXPECT_EQ(load().open, std::vector<OpenOp>{op("t1", 1)});
  ASSERT_TRUE(store_->finish(finished("t1"), 2, at(9)));
  EXPECT_TRUE(load().open.empty());
  EXPECT_EQ(store_->journal(10)->size(), 1U);
}

TEST_P(StateStoreTest, ATokenCanBeBegunAgainAfterItsEnd) {
  ASSERT_TRUE(store_->begin(op("t1", 1), 0));
  ASSERT_TRUE(store_->finish(finished("t1"), 1, at(2)));
  ASSERT_TRUE(store_->begin(op("t1", 3), 2));
  EXPECT_EQ(load().open, std::vector<OpenOp>{op("t1", 3)});
  EXPECT_EQ(store_->journal(10)->size(), 2U);
}

TEST_P(StateStoreTest, FinishPutsAndRemovesRecordsAndTouchesNoOther) {
  Finished first = finished("t1");
  first.records = {{NodeName{"gpu-1"}, record("i-1")},
                   {NodeName{"gpu-2"}, record("i-2")},
                   {NodeName{"head"}, NodeRecord{.head = true}}};
  ASSERT_TRUE(store_->finish(first, 0, at(1)));
  EXPECT_EQ(load().nodes.size(), 3U);
  EXPECT_EQ(load().nodes.at({"gpu-2"}), record("i-2"));
  EXPECT_EQ(load().nodes.at({"head"}), NodeRecord{.head = true});
  Finished second = finished("t2");
  second.records = {{NodeName{"gpu-1"}, std::nullopt},
                    {NodeName{"gpu-2"}, record("i-22")},
                    {NodeName{"nobody"}, std::nullopt}};
  ASSERT_TRUE(store_->finish(second, 1, at(2)));
  const Snapshot after = load();
  EXPECT_EQ(after.nodes.size(), 2U);
  EXPECT_EQ(after.nodes.at({"gpu-2"}).id, CloudId{"i-22"});
  EXPECT_TRUE(after.nodes.contains({"head"}));
}

TEST_P(StateStoreTest, ResourcesAreRecordedAndRemoved) {
  const ResourceRecord group{
      .provider = {"aws"}, .title = "demo", .id = "sg-1", .ours = true, .needs = {{"vpc"}}};
  std::int64_t serial =
      *store_->finish({.token = {"t-1"}, .resources = {{{"group"}, group}}}, 0, {});
  EXPECT_EQ(store_->load()->resources,
            (std::map<ResourceName, ResourceRecord>{{{"group"}, group}}));
  const Snapshot before = *store_->load();
  serial =
      *store_->finish({.token = {"t-2"}, .resources = {{{"group"}, std::nullopt}}}, serial, {});
  EXPECT_TRUE(store_->load()->resources.empty());
  ASSERT_TRUE(store_->replace(before, serial));
  EXPECT_EQ(store_->load()->resources, before.resources);
}

TEST_P(StateStoreTest, AttemptsOfAnOpenLaunchAreKeptUntilItEnds) {
  std::int64_t serial = *store_->begin({{"t-1"}, CreateNodes{{"gpu"}, {{"gpu-1"}}}, {}, {}}, 0);
  EXPECT_TRUE(store_->load()->open.at(0).attempts.empty());
  const std::vector<LaunchAttempt> attempts = {{"a x1", std::vector<CloudId>{{"i-1"}}},
                                               {"b x1", std::nullopt}};
  serial = *store_->note_attempts({"t-1"}, {attempts[0]}, serial);
  serial = *store_->note_attempts({"t-1"}, attempts, serial);
  EXPECT_EQ(store_->load()->open.at(0).attempts, attempts);
  EXPECT_EQ(store_->note_attempts({"t-1"}, {}, serial - 1).error().fault, Fault::kConflict);
  EXPECT_EQ(store_->load()->open.at(0).attempts, attempts);
  serial = *store_->finish({.token = {"t-1"}}, serial, {});
  EXPECT_TRUE(store_->load()->open.empty());
}

TEST_P(StateStoreTest, HighestNumbersNeverFall) {
  Finished done = finished("t");
  done.highest = {{NodeTypeName{"gpu"}, 5}, {NodeTypeName{"cpu"}, 1}};
  ASSERT_TRUE(store_->finish(done, 0, at(1)));
  done.highest = {{NodeTypeName{"gpu"}, 3}, {NodeTypeName{"cpu"}, 2}};
  ASSERT_TRUE(store_->finish(done, 1, at(2)));
  EXPECT_EQ(load().highest,
            (std::map<NodeTypeName, int>{{NodeTypeName{"cpu"}, 2}, {NodeTypeName{"gpu"}, 5}}));
}

TEST_P(StateStoreTest, BreakdownOfHeldDigestsIsKept) {
  Finished done = finished("t");
  done.records = {{NodeName{"gpu-1"}, record("i-1")}};
  done.breakdown = {{Digest{"a1"}, {{"node_config.X", {"x"}}, {"node_config.Y", {"y"}}}}};
  ASSERT_TRUE(store_->finish(done, 0, at(1)));
  ASSERT_TRUE(store_->change_cluster(
      {.config = Digest{"c"}, .breakdown = {{Digest{"c"}, {{"max_workers", {"m"}}}}}}, 1));
  ASSERT_TRUE(store_->change_cluster({.epoch = 2}, 2));
  const Snapshot after = load();
  EXPECT_EQ(after.breakdown.at({"a1"}), done.breakdown.at({"a1"}));
  EXPECT_EQ(after.breakdown.at({"c"}), (FieldDigests{{"max_workers", {"m"}}}));
}

TEST_P(StateStoreTest, FinishWithoutABeginStillRecords) {
  Finished done = finished("never begun");
  done.records = {{NodeName{"gpu-1"}, record("i-1")}};
  EXPECT_EQ(*store_->finish(done, 0, at(1)), 1);
  EXPECT_TRUE(load().nodes.contains({"gpu-1"}));
}

TEST_P(StateStoreTest, EveryWriteRestsOnTheSerial) {
  ASSERT_TRUE(store_->begin(op("t1"), 0));
  ASSERT_TRUE(store_->begin(op("t2"), 1));
  const Snapshot before = load();
  Finished done = finished("t1");
  done.records = {{NodeName{"gpu-1"}, record("i-1")}};
  for (const std::int64_t serial : {0, 1, 3, -1}) {
    for (const Result<std::int64_t>& refused :
         {store_->begin(op("t3"), serial), store_->finish(done, serial, at(1)),
          store_->change_cluster({.epoch = 9}, serial), store_->replace({}, serial)}) {
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().fault, Fault::kConflict);
      EXPECT_EQ(refused.error().code, ErrorCode::kStateConflict);
    }
  }
  EXPECT_EQ(load(), before);
}

TEST_P(StateStoreTest, ChangeClusterLeavesWhatItDoesNotName) {
  ASSERT_TRUE(store_->change_cluster({.cluster = ClusterName{"d\xC3\xA9mo"},
                                      .cluster_id = ClusterId{"c-1"},
                                      .epoch = 4,
                                      .autoscaler = Digest{"aa"},
                                      .config = Digest{"cc"},
                                      .overrides = Overrides{1, 2},
                                      .imported = true},
                                     0));
  ASSERT_TRUE(store_->change_cluster({.epoch = 5}, 1));
  Snapshot now = load();
  EXPECT_EQ(now.cluster, ClusterName{"d\xC3\xA9mo"});
  EXPECT_EQ(now.cluster_id, ClusterId{"c-1"});
  EXPECT_EQ(now.epoch, 5);
  EXPECT_EQ(now.autoscaler, Digest{"aa"});
  EXPECT_EQ(now.config, Digest{"cc"});
  EXPECT_EQ(now.overrides, (Overrides{1, 2}));
  EXPECT_TRUE(now.imported);
  ASSERT_TRUE(store_->change_cluster({.overrides = Overrides{std::nullopt, 0}}, 2));
  EXPECT_EQ(load().overrides, (Overrides{std::nullopt, 0}));
}

TEST_P(StateStoreTest, ReplaceTakesEverythingButHistory) {
  ASSERT_TRUE(store_->begin_run({.id = "1", .command = "apply"}));
  Finished done = finished("t1");
  done.records = {{NodeName{"old-1"}, record("i-1")}};
  done.highest = {{NodeTypeName{"old"}, 7}};
  ASSERT_TRUE(store_->begin(op("t1"), 0));
  ASSERT_TRUE(store_->finish(done, 1, at(1)));
  ASSERT_TRUE(store_->begin(op("left open"), 2));

  Snapshot incoming;
  incoming.lineage = "another";
  incoming.serial = 40;
  incoming.epoch = 2;
  incoming.cluster = {"demo"};
  incoming.nodes = {{NodeName{"gpu-1"}, record("i-9")}};
  incoming.open = {op("t8", 8), op("t9", 9)};
  incoming.highest = {{NodeTypeName{"gpu"}, 1}};
  incoming.breakdown = {{Digest{"a1"}, {{"f", {"v"}}}}};
  incoming.overrides = {3, std::nullopt};
  incoming.imported = true;
  const Result<std::int64_t> serial = store_->replace(incoming, 3);
  ASSERT_TRUE(serial);
  EXPECT_EQ(*serial, 41);
  incoming.serial = 41;
  EXPECT_EQ(load(), incoming);
  EXPECT_EQ(store_->history(10)->size(), 1U);
  const auto journal = *store_->journal(10);
  ASSERT_EQ(journal.size(), 4U);
  EXPECT_EQ(journal[2].token, OpToken{"left open"});
  EXPECT_TRUE(journal[2].finished_at);
  EXPECT_FALSE(journal[2].succeeded);
}

TEST_P(StateStoreTest, ReplaceNeverGoesBackInSerial) {
  ASSERT_TRUE(store_->begin(op("t1"), 0));
  ASSERT_TRUE(store_->begin(op("t2"), 1));
  EXPECT_EQ(*store_->replace({}, 2), 3);
  EXPECT_FALSE(load().lineage.empty());
  EXPECT_EQ(load().serial, 3);
}

TEST_P(StateStoreTest, JournalTellsHowItEnded) {
  ASSERT_TRUE(store_->begin(op("t1", 1), 0));
  ASSERT_TRUE(store_->begin(op("t2", 2), 1));
  Finished failed = finished("t1");
  failed.succeeded = false;
  failed.error = "no capacity";
  ASSERT_TRUE(store_->finish(failed, 2, at(7)));
  const auto journal = *store_->journal(10);
  ASSERT_EQ(journal.size(), 2U);
  EXPECT_EQ(journal[0], (JournalLine{{"t2"}, op("t2").action, at(2)}));
  EXPECT_EQ(journal[1], (JournalLine{{"t1"}, op("t1").action, at(1), at(7), false, "no capacity"}));
  EXPECT_EQ(store_->journal(1)->size(), 1U);
  EXPECT_TRUE(store_->journal(0)->empty());
  EXPECT_TRUE(store_->journal(-1)->empty());
}

TEST_P(StateStoreTest, HistoryIsNewestFirstAndMovesNoSerial) {
  RunRecord first{
      .id = "2026-01-01-aa", .command = "apply", .who = "ana@host", .started_at = at(1)};
  RunRecord second{
      .id = "2026-01-02-aa", .command = "down", .who = "ana@host", .started_at = at(2)};
  ASSERT_TRUE(store_->begin_run(second));
  ASSERT_TRUE(store_->begin_run(first));
  EXPECT_EQ(*store_->history(10), (std::vector{second, first}));
  first.ended_at = at(9);
  first.outcome = "done";
  first.summary = "2 to add";
  first.serial = 12;
  first.plan = "{}";
  ASSERT_TRUE(store_->end_run(first));
  EXPECT_EQ(*store_->history(10), (std::vector{second, first}));
  EXPECT_EQ(*store_->history(1), std::vector{second});
  EXPECT_EQ(load().serial, 0);
}

TEST_P(StateStoreTest, AnotherHandleSeesEveryWrite) {
  const auto other = open_();
  ASSERT_TRUE(store_->begin(op("t1"), 0));
  EXPECT_EQ(other->load()->serial, 1);
  EXPECT_EQ(other->begin(op("t2"), 0).error().code, ErrorCode::kStateConflict);
  ASSERT_TRUE(other->begin(op("t2"), 1));
  EXPECT_EQ(load(), *other->load());
}

TEST_P(StateStoreTest, OfTwoWritersOneIsFirst) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> won = 0, refused = 0;
    std::vector<std::jthread> writers;
    for (const char* token : {"a", "b", "c"}) {
      writers.emplace_back([&, token, other = std::shared_ptr<StateStore>(open_())] {
        const Result<std::int64_t> written = other->begin(op(token), round);
        if (written) {
          ++won;
        } else {
          EXPECT_EQ(written.error().code, ErrorCode::kStateConflict) << written.error().message;
          ++refused;
        }
      });
    }
    writers.clear();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(refused, 2);
  }
  EXPECT_EQ(load().serial, 20);
}

TEST_P(StateStoreTest, ThreadsMayShareOneHandle) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5;) {
        const std::string token = std::to_string(t) + "-" + std::to_string(i);
        if (store_->begin(op(token.c_str()), store_->load()->serial)) ++i;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(load().serial, 20);
  EXPECT_EQ(load().open.size(), 20U);
}

TEST_P(StateStoreTest, LockExcludesAndSaysWho) {
  const LockInfo mine{"ana@host", 123, "apply cluster.yaml", at(0)};
  auto lock = store_->lock(mine, Millis{0});
  ASSERT_TRUE(lock) << lock.error().message;
  const auto other = open_();
  EXPECT_EQ(*other->holder(), mine);
  const auto refused = other->lock({"bo@host", 7, "down", at(1)}, Millis{0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kConflict);
  EXPECT_EQ(refused.error().code, ErrorCode::kLocked);
  EXPECT_NE(refused.error().message.find("ana@host"), std::string::npos);
  EXPECT_NE(refused.error().message.find("apply cluster.yaml"), std::string::npos);
  EXPECT_FALSE(store_->lock(mine, Millis{0}));  // not even for its holder
  *lock = nullptr;
  EXPECT_EQ(*other->holder(), std::nullopt);
  EXPECT_TRUE(other->lock({"bo@host", 7, "down", at(1)}, Millis{0}));
}

TEST_P(StateStoreTest, TheFirstPinStaysUntilItIsTakenAway) {
  EXPECT_TRUE(store_->pins("host-key")->empty());
  EXPECT_FALSE(*store_->unpin("host-key", "n1"));
  EXPECT_EQ(*store_->pin("host-key", "n1", "a"), "a");
  EXPECT_EQ(*open_()->pin("host-key", "n1", "b"), "a");
  EXPECT_EQ(*store_->pin("host-key", "n2", "c"), "c");
  EXPECT_EQ(*store_->pin("image", "n1", "d"), "d");
  EXPECT_EQ(*open_()->pins("host-key"),
            (std::map<std::string, std::string>{{"n1", "a"}, {"n2", "c"}}));
  EXPECT_TRUE(*store_->unpin("host-key", "n1"));
  EXPECT_EQ(*store_->pin("host-key", "n1", "b"), "b");
  const Pins all{{"host-key", {{"n1", "b"}, {"n2", "c"}}}, {"image", {{"n1", "d"}}}};
  EXPECT_EQ(load().pins, all);
}

TEST_P(StateStoreTest, PinsMoveNoSerialAndNeedNoRecord) {
  ASSERT_TRUE(store_->pin("host-key", "n1", "a"));
  EXPECT_EQ(load().serial, 0);
  EXPECT_EQ(load().lineage, "");
  ASSERT_EQ(*store_->begin(op("t1"), 0), 1);
  ASSERT_TRUE(store_->pin("host-key", "n2", "b"));
  EXPECT_EQ(*store_->begin(op("t2"), 1), 2);
}

TEST_P(StateStoreTest, ReplacingReplacesPins) {
  ASSERT_TRUE(store_->pin("host-key", "n1", "a"));
  Snapshot other = load();
  other.pins = {{"host-key", {{"n2", "b"}}}};
  ASSERT_TRUE(store_->replace(other, 0));
  EXPECT_EQ(load().pins, other.pins);
}

TEST_P(StateStoreTest, PinsOfManyAtOnceAgree) {
  std::vector<std::string> kept(8);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    threads.emplace_back([&, i] {
      const Result<std::string> pinned = open_()->pin("host-key", "n1", std::to_string(i));
      if (pinned) kept[i] = *pinned;
    });
  }
  threads.clear();
  for (const std::string& each : kept)
    EXPECT_EQ(each, (*store_->pins("host-key"))["n1"]);
}

TEST_P(StateStoreTest, LockWaitsForItsTurn) {
  auto lock = store_->lock({"ana@host", 1, "apply", at(0)}, Millis{0});
  ASSERT_TRUE(lock);
  std::jthread releasing([&] {
    std::this_thread::sleep_for(Millis{150});
    *lock = nullptr;
  });
  const auto turn = open_()->lock({"bo@host", 2, "down", at(1)}, Millis{30'000});
  EXPECT_TRUE(turn);
}

TEST_P(StateStoreTest, LockGivesUpWhenPatienceEnds) {
  const auto lock = store_->lock({"ana@host", 1, "apply", at(0)}, Millis{0});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(open_()->lock({"bo@host", 2, "down", at(1)}, Millis{150}));
  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_GE(waited, Millis{140});
  EXPECT_LT(waited, Millis{20'000});
}

TEST_P(StateStoreTest, LockHoldsUpNoReader) {
  const auto lock = store_->lock({"ana@host", 1, "apply", at(0)}, Millis{0});
  ASSERT_TRUE(store_->begin(op("t1"), 0));
  EXPECT_EQ(open_()->load()->serial, 1);
}

TEST_P(StateStoreTest, AnyTextIsKept) {
  const std::string odd("\0'\"\\%_;--\n\xF0\x9F\x98\x80", 14);
  Finished done = finished("t");
  NodeRecord strange{.type = {odd}, .provider = {odd}, .id = {odd}};
  strange.ip = strange.failure = odd;
  strange.made_by = OpToken{""};
  done.records = {{NodeName{odd}, strange}};
  done.breakdown = {{Digest{"d"}, {{odd, {odd}}}}};
  ASSERT_TRUE(store_->change_cluster({.cluster = ClusterName{odd}, .config = Digest{"d"}}, 0));
  ASSERT_TRUE(store_->begin({{odd}, StopRay{{odd}}, at(0)}, 1));
  ASSERT_TRUE(store_->finish(done, 2, at(1)));
  const Snapshot now = load();
  EXPECT_EQ(now.cluster.text, odd);
  EXPECT_EQ(now.nodes.at({odd}), strange);
  EXPECT_EQ(now.open.at(0), (OpenOp{{odd}, StopRay{{odd}}, at(0)}));
  EXPECT_EQ(now.breakdown, done.breakdown);
}

INSTANTIATE_TEST_SUITE_P(Stores, StateStoreTest,
                         testing::Values(Kind{"Fake",
                                              [](const std::filesystem::path&) -> Open {
                                                const auto memory =
                                                    std::make_shared<StateStoreFake::Memory>();
                                                return [memory] {
                                                  return std::make_unique<StateStoreFake>(memory);
                                                };
                                              }},
                                         Kind{"Sqlite",
                                              [](const std::filesystem::path& folder) -> Open {
                                                return
                                                    [path = folder / "deep" / "er" / "state.db"] {
                                                      return *open_sqlite_store(path, system_clock);
                                                    };
                                              }}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace rayctl
