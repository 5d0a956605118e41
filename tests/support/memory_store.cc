#include "tests/support/memory_store.h"

#include <algorithm>

namespace rayctl {

template <class Change>
Result<std::int64_t> MemoryStore::write(std::int64_t serial, Change change) {
  const std::lock_guard lock(mutex_);
  if (serial != snapshot_.serial) {
    return conflict(ErrorCode::kStateConflict, "another writer was first");
  }
  if (snapshot_.lineage.empty()) snapshot_.lineage = "lineage";
  change(snapshot_);
  return ++snapshot_.serial;
}

Result<Snapshot> MemoryStore::load() {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

Result<std::unique_ptr<StoreLock>> MemoryStore::lock(const LockInfo&, Millis) {
  return std::make_unique<StoreLock>();
}

Result<std::int64_t> MemoryStore::begin(const OpenOp& op, std::int64_t serial) {
  return write(serial, [&](Snapshot& now) { now.open.push_back(op); });
}

Result<std::int64_t> MemoryStore::finish(const Finished& finished, std::int64_t serial, Time) {
  return write(serial, [&](Snapshot& now) {
    std::erase_if(now.open, [&](const OpenOp& op) { return op.token == finished.token; });
    for (const auto& [node, record] : finished.records) {
      if (record) {
        now.nodes[node] = *record;
      } else {
        now.nodes.erase(node);
      }
    }
    for (const auto& [type, number] : finished.highest) {
      now.highest[type] = std::max(now.highest[type], number);
    }
    now.breakdown.insert(finished.breakdown.begin(), finished.breakdown.end());
  });
}

Result<std::int64_t> MemoryStore::change_cluster(const ClusterChange& change, std::int64_t serial) {
  return write(serial, [&](Snapshot& now) {
    if (change.cluster) now.cluster = *change.cluster;
    if (change.cluster_id) now.cluster_id = *change.cluster_id;
    if (change.epoch) now.epoch = *change.epoch;
    if (change.autoscaler) now.autoscaler = *change.autoscaler;
    if (change.config) now.config = *change.config;
    if (change.overrides) now.overrides = *change.overrides;
    if (change.imported) now.imported = *change.imported;
    now.breakdown.insert(change.breakdown.begin(), change.breakdown.end());
  });
}

Result<std::int64_t> MemoryStore::replace(const Snapshot& snapshot, std::int64_t serial) {
  return write(serial, [&](Snapshot& now) {
    const std::int64_t kept = now.serial;
    now = snapshot;
    now.serial = std::max(kept, snapshot.serial);
  });
}

}  // namespace rayctl
