#pragma once
#include <condition_variable>
#include <mutex>

#include "state/store.h"

namespace rayctl {

/// A StateStore in memory that keeps the whole contract (tests/contract/state_store_test.cc).
/// Several of them on one Memory are several processes on one store. Thread-safe.
class StateStoreFake final : public StateStore {
 public:
  struct Memory {
    std::mutex mutex;
    std::condition_variable freed;
    Snapshot snapshot;
    std::vector<JournalLine> journal;  ///< oldest first
    std::map<std::string, RunRecord> runs;
    std::optional<LockInfo> holder;
  };

  explicit StateStoreFake(std::shared_ptr<Memory> memory = std::make_shared<Memory>())
      : memory_(std::move(memory)) {}

  Result<Snapshot> load() override;
  Result<std::unique_ptr<StoreLock>> lock(const LockInfo& mine, Millis patience) override;
  Result<std::optional<LockInfo>> holder() override;
  Result<std::int64_t> begin(const OpenOp& op, std::int64_t serial) override;
  Result<std::int64_t> note_attempts(const OpToken& token,
                                     const std::vector<LaunchAttempt>& attempts,
                                     std::int64_t serial) override;
  Result<std::int64_t> finish(const Finished& finished, std::int64_t serial, Time now) override;
  Result<std::int64_t> change_cluster(const ClusterChange& change, std::int64_t serial) override;
  Result<std::int64_t> replace(const Snapshot& snapshot, std::int64_t serial) override;
  Result<std::string> pin(const std::string& kind, const std::string& name,
                          const std::string& value) override;
  Result<bool> unpin(const std::string& kind, const std::string& name) override;
  Result<std::map<std::string, std::string>> pins(const std::string& kind) override;
  Result<> begin_run(const RunRecord& run) override;
  Result<> end_run(const RunRecord& run) override { return begin_run(run); }
  Result<std::vector<RunRecord>> history(int most) override;
  Result<std::vector<JournalLine>> journal(int most) override;

 private:
  std::shared_ptr<Memory> memory_;
};

}  // namespace rayctl
