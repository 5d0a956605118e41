#include "tests/support/state_store_fake.h"

#include <algorithm>

namespace rayctl {

namespace {

using Memory = StateStoreFake::Memory;

class FakeLock final : public StoreLock {
 public:
  explicit FakeLock(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}
  ~FakeLock() override {
    const std::lock_guard guard(memory_->mutex);
    memory_->holder.reset();
    memory_->freed.notify_all();
  }
  FakeLock(const FakeLock&) = delete;
  FakeLock& operator=(const FakeLock&) = delete;

 private:
  std::shared_ptr<Memory> memory_;
};

template <class Change>
Result<std::int64_t> write(Memory& memory, std::int64_t serial, Change change) {
  const std::lock_guard guard(memory.mutex);
  if (serial != memory.snapshot.serial) {
    return conflict(ErrorCode::kStateConflict, "another writer was first");
  }
  change(memory.snapshot);
  if (memory.snapshot.lineage.empty()) memory.snapshot.lineage = "fake-lineage";
  return ++memory.snapshot.serial;
}

/// Ends every open line that `ends` picks.
template <class Ends>
void close_lines(Memory& memory, Ends ends, Time now, bool succeeded, const std::string& error) {
  for (JournalLine& line : memory.journal) {
    if (line.finished_at || !ends(line.token)) continue;
    line.finished_at = now;
    line.succeeded = succeeded;
    line.error = error;
  }
}

void open_line(Memory& memory, const OpenOp& op) {
  memory.journal.push_back({op.token, op.action, op.begun_at});
}

}  // namespace

Result<Snapshot> StateStoreFake::load() {
  const std::lock_guard guard(memory_->mutex);
  return memory_->snapshot;
}

Result<std::unique_ptr<StoreLock>> StateStoreFake::lock(const LockInfo& mine, Millis patience) {
  std::unique_lock guard(memory_->mutex);
  if (!memory_->freed.wait_for(guard, patience, [&] { return !memory_->holder; })) {
    return conflict(ErrorCode::kLocked,
                    "locked by " + memory_->holder->who + ": " + memory_->holder->purpose);
  }
  memory_->holder = mine;
  return std::unique_ptr<StoreLock>(std::make_unique<FakeLock>(memory_));
}

Result<std::optional<LockInfo>> StateStoreFake::holder() {
  const std::lock_guard guard(memory_->mutex);
  return memory_->holder;
}

Result<std::int64_t> StateStoreFake::begin(const OpenOp& op, std::int64_t serial) {
  return write(*memory_, serial, [&](Snapshot& now) {
    const auto same = [&](const OpenOp& other) { return other.token == op.token; };
    if (std::any_of(now.open.begin(), now.open.end(), same)) return;
    now.open.push_back(op);
    open_line(*memory_, op);
  });
}

Result<std::int64_t> StateStoreFake::note_attempts(const OpToken& token,
                                                   const std::vector<LaunchAttempt>& attempts,
                                                   std::int64_t serial) {
  return write(*memory_, serial, [&](Snapshot& now) {
    for (OpenOp& op : now.open) {
      if (op.token == token) op.attempts = attempts;
    }
  });
}

Result<std::int64_t> StateStoreFake::finish(const Finished& finished, std::int64_t serial,
                                            Time now) {
  return write(*memory_, serial, [&](Snapshot& kept) {
    std::erase_if(kept.open, [&](const OpenOp& op) { return op.token == finished.token; });
    close_lines(
        *memory_, [&](const OpToken& token) { return token == finished.token; }, now,
        finished.succeeded, finished.error);
    for (const auto& [node, record] : finished.records) {
      if (record) {
        kept.nodes[node] = *record;
      } else {
        kept.nodes.erase(node);
      }
    }
    for (const auto& [name, record] : finished.resources) {
      if (record) {
        kept.resources[name] = *record;
      } else {
        kept.resources.erase(name);
      }
    }
    for (const auto& [type, number] : finished.highest) {
      kept.highest[type] = std::max(kept.highest[type], number);
    }
    for (const auto& [digest, fields] : finished.breakdown)
      kept.breakdown[digest] = fields;
  });
}

Result<std::int64_t> StateStoreFake::change_cluster(const ClusterChange& change,
                                                    std::int64_t serial) {
  return write(*memory_, serial, [&](Snapshot& now) {
    if (change.cluster) now.cluster = *change.cluster;
    if (change.cluster_id) now.cluster_id = *change.cluster_id;
    if (change.epoch) now.epoch = *change.epoch;
    if (change.autoscaler) now.autoscaler = *change.autoscaler;
    if (change.config) now.config = *change.config;
    if (change.overrides) now.overrides = *change.overrides;
    if (change.imported) now.imported = *change.imported;
    for (const auto& [digest, fields] : change.breakdown)
      now.breakdown[digest] = fields;
  });
}

Result<std::int64_t> StateStoreFake::replace(const Snapshot& snapshot, std::int64_t serial) {
  return write(*memory_, serial, [&](Snapshot& now) {
    close_lines(
        *memory_, [](const OpToken&) { return true; }, Time{}, false, "replaced");
    for (const OpenOp& op : snapshot.open)
      open_line(*memory_, op);
    now = snapshot;
    now.serial = std::max(serial, snapshot.serial);
  });
}

Result<std::string> StateStoreFake::pin(const std::string& kind, const std::string& name,
                                        const std::string& value) {
  const std::lock_guard guard(memory_->mutex);
  return memory_->snapshot.pins[kind].emplace(name, value).first->second;
}

Result<bool> StateStoreFake::unpin(const std::string& kind, const std::string& name) {
  const std::lock_guard guard(memory_->mutex);
  Pins& pins = memory_->snapshot.pins;
  const bool there = pins[kind].erase(name) > 0;
  if (pins[kind].empty()) pins.erase(kind);
  return there;
}

Result<std::map<std::string, std::string>> StateStoreFake::pins(const std::string& kind) {
  const std::lock_guard guard(memory_->mutex);
  const auto found = memory_->snapshot.pins.find(kind);
  return found == memory_->snapshot.pins.end() ? std::map<std::string, std::string>()
                                               : found->second;
}

Result<> StateStoreFake::begin_run(const RunRecord& run) {
  const std::lock_guard guard(memory_->mutex);
  memory_->runs[run.id] = run;
  return {};
}

Result<std::vector<RunRecord>> StateStoreFake::history(int most) {
  const std::lock_guard guard(memory_->mutex);
  std::vector<RunRecord> runs;
  for (auto at = memory_->runs.rbegin(); at != memory_->runs.rend() && most-- > 0; ++at) {
    runs.push_back(at->second);
  }
  return runs;
}

Result<std::vector<JournalLine>> StateStoreFake::journal(int most) {
  const std::lock_guard guard(memory_->mutex);
  std::vector<JournalLine> lines;
  for (auto at = memory_->journal.rbegin(); at != memory_->journal.rend() && most-- > 0; ++at) {
    lines.push_back(*at);
  }
  return lines;
}

}  // namespace rayctl
