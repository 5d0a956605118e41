#include "applier/journal.h"

#include <algorithm>
#include <utility>

#include "applier/retry.h"

namespace rayctl {
namespace {

bool is_open(const Snapshot& snapshot, const OpToken& token) {
  return std::any_of(snapshot.open.begin(), snapshot.open.end(),
                     [&](const OpenOp& op) { return op.token == token; });
}

void mark(const World& world, const char* point, const Action& action) {
  if (world.crash_point) world.crash_point(point, action);
}

}  // namespace

Journal::Journal(World& world, Snapshot snapshot) : world_(world), snapshot_(std::move(snapshot)) {}

Result<> Journal::write(const std::function<Result<std::int64_t>()>& write,
                        const std::function<bool(const Snapshot&)>& happened) {
  const std::int64_t before = snapshot_.serial;
  Result<std::int64_t> serial = retrying(world_, Repeat::kTransient, [&]() -> Result<std::int64_t> {
    Result<std::int64_t> next = write();
    if (next || next.error().fault != Fault::kUnknown) return next;
    const Result<Snapshot> now = world_.store.load();
    if (!now) return next;
    if (now->serial == before) return transient(next.error().code, next.error().message);
    if (now->serial == before + 1 && happened(*now)) return now->serial;
    return next;
  });
  if (!serial) return in_context(serial.error(), "writing the journal");
  snapshot_.serial = *serial;
  return {};
}

Result<> Journal::begin(const OpenOp& op) {
  mark(world_, "begin:before", op.action);
  {
    const std::lock_guard lock(mutex_);
    if (!is_open(snapshot_, op.token)) {
      Result<> written = write([&] { return world_.store.begin(op, snapshot_.serial); },
                               [&](const Snapshot& now) { return is_open(now, op.token); });
      if (!written) return written;
      snapshot_.open.push_back(op);
    }
  }
  mark(world_, "begin:after", op.action);
  return {};
}

Result<> Journal::note_attempts(const OpToken& token, const std::vector<LaunchAttempt>& attempts) {
  const std::lock_guard lock(mutex_);
  const auto noted = [&](const Snapshot& snapshot) {
    return std::any_of(snapshot.open.begin(), snapshot.open.end(), [&](const OpenOp& op) {
      return op.token == token && op.attempts == attempts;
    });
  };
  Result<> written =
      write([&] { return world_.store.note_attempts(token, attempts, snapshot_.serial); }, noted);
  if (!written) return written;
  for (OpenOp& op : snapshot_.open) {
    if (op.token == token) op.attempts = attempts;
  }
  return {};
}

std::vector<LaunchAttempt> Journal::attempts(const OpToken& token) const {
  const std::lock_guard lock(mutex_);
  for (const OpenOp& op : snapshot_.open) {
    if (op.token == token) return op.attempts;
  }
  return {};
}

Time Journal::begun_at(const OpToken& token) const {
  const std::lock_guard lock(mutex_);
  for (const OpenOp& op : snapshot_.open) {
    if (op.token == token) return op.begun_at;
  }
  return {};
}

std::map<ResourceName, ResourceRecord> Journal::resources() const {
  const std::lock_guard lock(mutex_);
  return snapshot_.resources;
}

Result<> Journal::finish(const Finished& finished, const Action& action) {
  {
    const std::lock_guard lock(mutex_);
    const Time now = world_.clock.now();
    Result<> written =
        write([&] { return world_.store.finish(finished, snapshot_.serial, now); },
              [&](const Snapshot& stored) { return !is_open(stored, finished.token); });
    if (!written) return written;
    std::erase_if(snapshot_.open, [&](const OpenOp& op) { return op.token == finished.token; });
    for (const auto& [name, record] : finished.resources) {
      if (record) {
        snapshot_.resources[name] = *record;
      } else {
        snapshot_.resources.erase(name);
      }
    }
    for (const auto& [node, record] : finished.records) {
      touched_.insert(node);
      if (record) {
        snapshot_.nodes[node] = *record;
      } else {
        snapshot_.nodes.erase(node);
      }
    }
  }
  mark(world_, "finish:after", action);
  return {};
}

Result<> Journal::change(const ClusterChange& change) {
  const std::lock_guard lock(mutex_);
  Result<> written = write([&] { return world_.store.change_cluster(change, snapshot_.serial); },
                           [](const Snapshot&) { return true; });
  if (!written) return written;
  if (change.cluster_id) snapshot_.cluster_id = *change.cluster_id;
  if (change.epoch) snapshot_.epoch = *change.epoch;
  return {};
}

Result<> Journal::reload() {
  const std::lock_guard lock(mutex_);
  Result<Snapshot> now = world_.store.load();
  if (!now) return now.error();
  snapshot_ = *std::move(now);
  return {};
}

std::int64_t Journal::serial() const {
  const std::lock_guard lock(mutex_);
  return snapshot_.serial;
}

std::string Journal::lineage() const {
  const std::lock_guard lock(mutex_);
  return snapshot_.lineage;
}

ClusterId Journal::cluster_id() const {
  const std::lock_guard lock(mutex_);
  return snapshot_.cluster_id;
}

std::optional<NodeRecord> Journal::record(const NodeName& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = snapshot_.nodes.find(node);
  if (found == snapshot_.nodes.end()) return std::nullopt;
  return found->second;
}

std::map<NodeName, NodeRecord> Journal::records(
    const std::function<bool(const NodeRecord&)>& wanted) const {
  const std::lock_guard lock(mutex_);
  std::map<NodeName, NodeRecord> chosen;
  for (const auto& [node, record] : snapshot_.nodes) {
    if (wanted(record)) chosen.emplace(node, record);
  }
  return chosen;
}

bool Journal::touched(const NodeName& node) const {
  const std::lock_guard lock(mutex_);
  return touched_.contains(node);
}

}  // namespace rayctl
