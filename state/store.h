#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/snapshot.h"

namespace rayctl {

/// Who holds a store's lock, for the message that someone else gets.
struct LockInfo {
  std::string who;  ///< user@host
  std::int64_t pid = 0;
  std::string purpose;  ///< "apply cluster.yaml"
  Time since;
  bool operator==(const LockInfo&) const = default;
};

/// Held while the object lives; freed by the kernel if the process dies.
class StoreLock {
 public:
  virtual ~StoreLock() = default;
};

/// How an operation ended, and what that changes in the records.
struct Finished {
  OpToken token;
  bool succeeded = true;
  std::string error;  ///< one line; "" when it succeeded
  /// nullopt removes the record. Names not in it are untouched.
  std::map<NodeName, std::optional<NodeRecord>> records;
  std::map<ResourceName, std::optional<ResourceRecord>> resources;  ///< the same
  std::map<NodeTypeName, int> highest;       ///< raised to these, never lowered
  std::map<Digest, FieldDigests> breakdown;  ///< added; those no record holds may be dropped
};

/// What the cluster as a whole is set to. Fields that are nullopt are left as they are.
struct ClusterChange {
  std::optional<ClusterName> cluster;
  std::optional<ClusterId> cluster_id;
  std::optional<std::int64_t> epoch;
  std::optional<Digest> autoscaler, config;
  std::optional<Overrides> overrides;
  std::optional<bool> imported;
  std::map<Digest, FieldDigests> breakdown;
};

/// One line of a store's history: an apply, a down, an import, a push.
struct RunRecord {
  std::string id;       ///< sortable: time and a random part
  std::string command;  ///< "apply", "down", ...
  std::string who;
  Time started_at;
  std::optional<Time> ended_at;  ///< nullopt: running, or killed
  std::string outcome;           ///< "", "done", "failed", "interrupted"
  std::string summary;           ///< the plan's summary line
  std::int64_t serial = 0;       ///< after the last write of the run
  std::string plan;              ///< the plan's JSON, secrets already out
  bool operator==(const RunRecord&) const = default;
};

/// A journal line, finished or not.
struct JournalLine {
  OpToken token;
  Action action;
  Time begun_at;
  std::optional<Time> finished_at;
  bool succeeded = false;
  std::string error;
  bool operator==(const JournalLine&) const = default;
};

/// Where the records of one cluster live. Nothing above this interface knows what is behind it.
/// Every write is one transaction, durable when it returns, and kConflict (kStateConflict) unless
/// `serial` is the current one; it returns the next serial. Thread-safe. A store that cannot be
/// read answers kStateCorrupt or kStateTooNew and is left untouched.
class StateStore {
 public:
  virtual ~StateStore() = default;
  /// Takes no lock; a consistent view. An empty store gives an empty Snapshot.
  virtual Result<Snapshot> load() = 0;
  /// Waits up to `patience`, then kConflict with kLocked and who holds it in the message.
  virtual Result<std::unique_ptr<StoreLock>> lock(const LockInfo& mine, Millis patience) = 0;
  virtual Result<std::optional<LockInfo>> holder() = 0;

  virtual Result<std::int64_t> begin(const OpenOp& op, std::int64_t serial) = 0;
  /// What an open launch has tried so far, in place of what was noted before.
  virtual Result<std::int64_t> note_attempts(const OpToken& token,
                                             const std::vector<LaunchAttempt>& attempts,
                                             std::int64_t serial) = 0;
  virtual Result<std::int64_t> finish(const Finished& finished, std::int64_t serial, Time now) = 0;
  virtual Result<std::int64_t> change_cluster(const ClusterChange& change, std::int64_t serial) = 0;
  /// Replaces everything but history (import, push), pins too. Keeps the snapshot's own lineage;
  /// its serial becomes the next one.
  virtual Result<std::int64_t> replace(const Snapshot& snapshot, std::int64_t serial) = 0;

  /// Pins `value` under a kind ("host-key") and a name unless something is pinned there; gives what
  /// is pinned now. Moves no serial and needs no lock: whoever looks may pin.
  virtual Result<std::string> pin(const std::string& kind, const std::string& name,
                                  const std::string& value) = 0;
  /// Takes a pin away; false if there was none.
  virtual Result<bool> unpin(const std::string& kind, const std::string& name) = 0;
  /// All of a kind, by name.
  virtual Result<std::map<std::string, std::string>> pins(const std::string& kind) = 0;

  /// History is for people: it moves no serial and its loss harms nothing.
  virtual Result<> begin_run(const RunRecord& run) = 0;
  virtual Result<> end_run(const RunRecord& run) = 0;
  virtual Result<std::vector<RunRecord>> history(int most) = 0;    ///< newest first
  virtual Result<std::vector<JournalLine>> journal(int most) = 0;  ///< newest first
};

}  // namespace rayctl
