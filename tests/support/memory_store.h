#pragma once
#include <mutex>

#include "state/store.h"

namespace rayctl {

/// A StateStore of which only the records live, in memory: what a run needs. Thread-safe.
class MemoryStore final : public StateStore {
 public:
  Result<Snapshot> load() override;
  Result<std::unique_ptr<StoreLock>> lock(const LockInfo&, Millis) override;
  Result<std::optional<LockInfo>> holder() override { return std::optional<LockInfo>(); }
  Result<std::int64_t> begin(const OpenOp& op, std::int64_t serial) override;
  Result<std::int64_t> finish(const Finished& finished, std::int64_t serial, Time now) override;
  Result<std::int64_t> change_cluster(const ClusterChange& change, std::int64_t serial) override;
  Result<std::int64_t> replace(const Snapshot& snapshot, std::int64_t serial) override;
  Result<> begin_run(const RunRecord&) override { return {}; }
  Result<> end_run(const RunRecord&) override { return {}; }
  Result<std::vector<RunRecord>> history(int) override { return std::vector<RunRecord>(); }
  Result<std::vector<JournalLine>> journal(int) override { return std::vector<JournalLine>(); }

 private:
  template <class Change>
  Result<std::int64_t> write(std::int64_t serial, Change change);

  std::mutex mutex_;
  Snapshot snapshot_;
};

}  // namespace rayctl
