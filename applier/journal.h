#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "applier/world.h"
#include "model/snapshot.h"
#include "state/store.h"

namespace rayctl {

/// The one writer of a run: holds the serial, so that the writes of all threads follow one another,
/// and keeps the records in step with the store. A write whose answer was lost is looked up in the
/// store before it is repeated. Thread-safe. Marks the crash points around each write.
class Journal {
 public:
  /// `snapshot` is what the store holds now; nobody else writes while the caller's lock is held.
  Journal(World& world, Snapshot snapshot);

  /// Records the intent. An operation that is open already (a resumed one) is left as it is.
  Result<> begin(const OpenOp& op);
  /// Records what an open launch has tried.
  Result<> note_attempts(const OpToken& token, const std::vector<LaunchAttempt>& attempts);
  /// What was recorded of that.
  std::vector<LaunchAttempt> attempts(const OpToken& token) const;
  /// When an open operation was begun; the epoch: there is no such.
  Time begun_at(const OpToken& token) const;
  /// Records the outcome and takes it into the records.
  Result<> finish(const Finished& finished, const Action& action);
  Result<> change(const ClusterChange& change);
  /// Reads the store again: after the first write, which gives a new store its lineage.
  Result<> reload();

  std::int64_t serial() const;
  std::string lineage() const;
  ClusterId cluster_id() const;
  std::optional<NodeRecord> record(const NodeName& node) const;
  /// The records for which `wanted` is true.
  std::map<NodeName, NodeRecord> records(
      const std::function<bool(const NodeRecord&)>& wanted) const;
  std::map<ResourceName, ResourceRecord> resources() const;
  /// Whether this run has written something about the node.
  bool touched(const NodeName& node) const;

 private:
  /// Under the lock: `write` until it is known to have happened or not.
  Result<> write(const std::function<Result<std::int64_t>()>& write,
                 const std::function<bool(const Snapshot&)>& happened);

  World& world_;
  mutable std::mutex mutex_;
  Snapshot snapshot_;
  std::set<NodeName> touched_;
};

}  // namespace rayctl
