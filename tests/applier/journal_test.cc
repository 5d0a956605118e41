#include "applier/journal.h"

#include <gtest/gtest.h>

#include <deque>
#include <thread>
#include <vector>

#include "tests/support/fake_world.h"
#include "tests/support/state_store_fake.h"

namespace rayctl {
namespace {

/// A store whose writes go wrong as told, one after the other.
class LossyStore final : public StateStore {
 public:
  Result<Snapshot> load() override { return store_.load(); }
  Result<std::unique_ptr<StoreLock>> lock(const LockInfo& mine, Millis patience) override {
    return store_.lock(mine, patience);
  }
  Result<std::optional<LockInfo>> holder() override { return store_.holder(); }
  Result<std::int64_t> begin(const OpenOp& op, std::int64_t serial) override {
    return write([&] { return store_.begin(op, serial); });
  }
  Result<std::int64_t> finish(const Finished& finished, std::int64_t serial, Time now) override {
    return write([&] { return store_.finish(finished, serial, now); });
  }
  Result<std::int64_t> note_attempts(const OpToken& token,
                                     const std::vector<LaunchAttempt>& attempts,
                                     std::int64_t serial) override {
    return write([&] { return store_.note_attempts(token, attempts, serial); });
  }
  Result<std::int64_t> change_cluster(const ClusterChange& change, std::int64_t serial) override {
    return write([&] { return store_.change_cluster(change, serial); });
  }
  Result<std::int64_t> replace(const Snapshot& snapshot, std::int64_t serial) override {
    return store_.replace(snapshot, serial);
  }
  Result<std::string> pin(const std::string& kind, const std::string& name,
                          const std::string& value) override {
    return store_.pin(kind, name, value);
  }
  Result<bool> unpin(const std::string& kind, const std::string& name) override {
    return store_.unpin(kind, name);
  }
  Result<std::map<std::string, std::string>> pins(const std::string& kind) override {
    return store_.pins(kind);
  }
  Result<> begin_run(const RunRecord& run) override { return store_.begin_run(run); }
  Result<> end_run(const RunRecord& run) override { return store_.end_run(run); }
  Result<std::vector<RunRecord>> history(int most) override { return store_.history(most); }
  Result<std::vector<JournalLine>> journal(int most) override { return store_.journal(most); }

  std::deque<Mishap> mishaps;

 private:
  Result<std::int64_t> write(const std::function<Result<std::int64_t>()>& happen) {
    Mishap mishap = Mishap::kNone;
    if (!mishaps.empty()) {
      mishap = mishaps.front();
      mishaps.pop_front();
    }
    if (mishap == Mishap::kThrottled) return transient(ErrorCode::kIo, "busy");
    if (mishap == Mishap::kRefused) return permanent(ErrorCode::kIo, "disk full");
    if (mishap == Mishap::kLostBefore) return unknown_outcome(ErrorCode::kIo, "lost");
    Result<std::int64_t> happened = happen();
    if (mishap == Mishap::kLostAfter) return unknown_outcome(ErrorCode::kIo, "lost");
    return happened;
  }

  StateStoreFake store_;
};

struct JournalOf : testing::Test {
  FakeWorld fake;
  LossyStore store;
  World world = fake.world(store);
  Journal journal{world, {}};
  const Action action = ForgetNode{{"small-1"}};

  Result<> begin(const std::string& token) {
    return journal.begin({.token = {token}, .action = action, .begun_at = fake.clock.now()});
  }
  Snapshot stored() { return *store.load(); }
};

TEST_F(JournalOf, KeepsInStepWithTheStore) {
  ASSERT_TRUE(begin("t1"));
  EXPECT_EQ(stored().open.size(), 1U);
  const NodeRecord record{.id = {"i-1"}};
  ASSERT_TRUE(journal.finish({.token = {"t1"}, .records = {{{"small-1"}, record}}}, action));
  EXPECT_EQ(journal.record({"small-1"}), record);
  EXPECT_TRUE(journal.touched({"small-1"}));
  EXPECT_FALSE(journal.touched({"small-2"}));
  EXPECT_EQ(journal.serial(), stored().serial);
  ASSERT_TRUE(begin("t2"));
  ASSERT_TRUE(journal.finish({.token = {"t2"}, .records = {{{"small-1"}, std::nullopt}}}, action));
  EXPECT_FALSE(journal.record({"small-1"}));
  EXPECT_TRUE(stored().open.empty());
}

TEST_F(JournalOf, AWriteWhoseAnswerWasLostIsLookedUpAndNeverDoneTwice) {
  for (const Mishap lost : {Mishap::kLostAfter, Mishap::kLostBefore, Mishap::kThrottled}) {
    const std::int64_t before = journal.serial();
    store.mishaps = {lost};
    ASSERT_TRUE(begin("t"));
    EXPECT_EQ(stored().open.size(), 1U);
    store.mishaps = {lost, lost};
    ASSERT_TRUE(journal.finish({.token = {"t"}}, action));
    EXPECT_TRUE(stored().open.empty());
    EXPECT_EQ(journal.serial(), before + 2);
    EXPECT_EQ(stored().serial, before + 2);
  }
}

TEST_F(JournalOf, AnotherWriterIsAConflict) {
  ASSERT_TRUE(begin("t1"));
  ASSERT_TRUE(store.change_cluster({}, journal.serial()));
  const Result<> refused = begin("t2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kConflict);
  store.mishaps = {Mishap::kLostBefore};
  EXPECT_FALSE(begin("t3"));
  EXPECT_EQ(stored().open.size(), 1U);
}

TEST_F(JournalOf, AStoreThatCannotWriteFails) {
  store.mishaps = {Mishap::kRefused};
  const Result<> refused = begin("t1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "disk full");
  EXPECT_TRUE(begin("t1"));
}

TEST_F(JournalOf, AResumedOperationIsNotBegunAgain) {
  ASSERT_TRUE(begin("t1"));
  const std::int64_t serial = journal.serial();
  ASSERT_TRUE(begin("t1"));
  EXPECT_EQ(journal.serial(), serial);
}

TEST_F(JournalOf, ManyThreadsWriteOneAfterTheOther) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        const std::string token = std::to_string(i) + "-" + std::to_string(n);
        EXPECT_TRUE(begin(token));
        EXPECT_TRUE(journal.finish({.token = {token}}, action));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(stored().serial, 320);
  EXPECT_TRUE(stored().open.empty());
}

}  // namespace
}  // namespace rayctl
