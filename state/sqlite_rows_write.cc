#include <set>

#include "model/codec.h"
#include "model/tags.h"
#include "state/sqlite_rows.h"

namespace rayctl {

namespace {

using SQLite::Database;
using SQLite::Statement;

// History beyond these is dropped: it is for people.
constexpr int kKeptOps = 100'000, kKeptRuns = 1'000, kKeptPlans = 20;

void bind(Statement& statement, int index, const std::string& text) {
  statement.bind(index, text);
}
void bind(Statement& statement, int index, std::int64_t number) {
  statement.bind(index, number);
}
template <class T>
void bind(Statement& statement, int index, const std::optional<T>& value) {
  if (value) {
    bind(statement, index, *value);
  } else {
    statement.bind(index);
  }
}

template <class... Values>
void run(Statement& statement, const Values&... values) {
  int index = 0;
  (bind(statement, ++index, values), ...);
  statement.exec();
  statement.reset();
}

template <class... Values>
void run(Database& database, const char* sql, const Values&... values) {
  Statement statement(database, sql);
  run(statement, values...);
}

std::int64_t millis(Time time) {
  return time.time_since_epoch().count();
}
}  // namespace

void put_nodes(Database& database, const std::map<NodeName, std::optional<NodeRecord>>& records) {
  Statement remove(database, "DELETE FROM nodes WHERE name = ?");
  Statement put(database,
                "INSERT OR REPLACE INTO nodes (type, provider, head, id, ip, phase, applied, "
                "running, made_by, failure, launched_at, name) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)");
  for (const auto& [name, record] : records) {
    if (!record) {
      run(remove, name.text);
      continue;
    }
    // By position, so that a field which a record gains does not compile until it has a column.
    const auto& [type, provider, head, id, ip, phase, applied, running, made_by, failure,
                 launched_at] = *record;
    run(put, type.text, provider.text, std::int64_t{head}, id.text, ip,
        std::int64_t{static_cast<int>(phase)}, encode_digests(applied), encode_digests(running),
        made_by ? std::optional(made_by->text) : std::nullopt, failure, millis(launched_at),
        name.text);
  }
}

void put_resources(Database& database,
                   const std::map<ResourceName, std::optional<ResourceRecord>>& records) {
  Statement remove(database, "DELETE FROM resources WHERE name = ?");
  Statement put(database, "INSERT OR REPLACE INTO resources (name, record) VALUES (?,?)");
  for (const auto& [name, record] : records) {
    if (record) {
      run(put, name.text, encode(*record));
    } else {
      run(remove, name.text);
    }
  }
}

void raise_highest(Database& database, const std::map<NodeTypeName, int>& highest) {
  Statement raise(database,
                  "INSERT INTO highest VALUES (?1, ?2) ON CONFLICT (type) DO UPDATE "
                  "SET number = max(number, excluded.number)");
  for (const auto& [type, number] : highest)
    run(raise, type.text, std::int64_t{number});
}

void add_breakdown(Database& database, const std::map<Digest, FieldDigests>& breakdown) {
  Statement add(database, "INSERT OR REPLACE INTO breakdown VALUES (?,?,?)");
  for (const auto& [digest, fields] : breakdown) {
    for (const auto& [field, value] : fields)
      run(add, digest.text, field, value.text);
  }
}

void drop_unused_breakdown(Database& database) {
  std::set<std::string> held;
  Statement cluster(database, "SELECT autoscaler, config FROM cluster");
  while (cluster.executeStep()) {
    held.insert({cluster.getColumn(0).getString(), cluster.getColumn(1).getString()});
  }
  Statement nodes(database, "SELECT applied FROM nodes UNION SELECT running FROM nodes");
  while (nodes.executeStep()) {
    const SpecDigests digests = decode_digests(nodes.getColumn(0).getString());
    for (const Digest& digest : {digests.launch, digests.docker, digests.files, digests.setup,
                                 digests.start, digests.synced}) {
      held.insert(digest.text);
    }
  }
  std::vector<std::string> unused;
  Statement known(database, "SELECT DISTINCT digest FROM breakdown");
  while (known.executeStep()) {
    std::string digest = known.getColumn(0).getString();
    if (!held.contains(digest)) unused.push_back(std::move(digest));
  }
  Statement drop(database, "DELETE FROM breakdown WHERE digest = ?");
  for (const std::string& digest : unused)
    run(drop, digest);
}

void add_op(Database& database, const OpenOp& op) {
  run(database,
      "INSERT INTO ops (token, action, begun_at, attempts) VALUES (?,?,?,?) "
      "ON CONFLICT (token) WHERE finished_at IS NULL DO NOTHING",
      op.token.text, encode(op.action), millis(op.begun_at), encode(op.attempts));
}

void put_attempts(Database& database, const OpToken& token,
                  const std::vector<LaunchAttempt>& attempts) {
  run(database, "UPDATE ops SET attempts = ? WHERE token = ? AND finished_at IS NULL",
      encode(attempts), token.text);
}

void close_op(Database& database, const Finished& finished, Time now) {
  run(database,
      "UPDATE ops SET finished_at = ?, succeeded = ?, error = ? "
      "WHERE token = ? AND finished_at IS NULL",
      millis(now), std::int64_t{finished.succeeded}, finished.error, finished.token.text);
}

std::string add_pin(Database& database, const std::string& kind, const std::string& name,
                    const std::string& value) {
  run(database, "INSERT OR IGNORE INTO pins VALUES (?,?,?)", kind, name, value);
  Statement now(database, "SELECT value FROM pins WHERE kind = ? AND name = ?");
  now.bind(1, kind);
  now.bind(2, name);
  return now.executeStep() ? now.getColumn(0).getString() : value;
}

bool drop_pin(Database& database, const std::string& kind, const std::string& name) {
  run(database, "DELETE FROM pins WHERE kind = ? AND name = ?", kind, name);
  return database.getChanges() > 0;
}

void put_run(Database& database, const RunRecord& record) {
  std::optional<std::int64_t> ended;
  if (record.ended_at) ended = millis(*record.ended_at);
  run(database, "INSERT OR REPLACE INTO runs VALUES (?,?,?,?,?,?,?,?,?)", record.id, record.command,
      record.who, millis(record.started_at), ended, record.outcome, record.summary, record.serial,
      record.plan);
  run(database,
      "DELETE FROM runs WHERE id <= (SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?)",
      std::int64_t{kKeptRuns});
  run(database,
      "UPDATE runs SET plan = '' WHERE plan <> '' AND "
      "id <= (SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?)",
      std::int64_t{kKeptPlans});
  run(database,
      "DELETE FROM ops WHERE finished_at IS NOT NULL AND "
      "seq <= (SELECT seq FROM ops ORDER BY seq DESC LIMIT 1 OFFSET ?)",
      std::int64_t{kKeptOps});
}

void put_snapshot(Database& database, const Snapshot& snapshot, std::int64_t next, Time now) {
  // By position, as in put_nodes.
  [[maybe_unused]] const auto& [lineage, serial, epoch, cluster, cluster_id, nodes, resources, open,
                                highest, breakdown, autoscaler, config, overrides, imported, pins] =
      snapshot;
  database.exec(
      "DELETE FROM nodes; DELETE FROM highest; DELETE FROM breakdown; DELETE FROM pins; "
      "DELETE FROM resources");
  run(database,
      "UPDATE ops SET finished_at = ?, error = 'replaced by a push or an import' "
      "WHERE finished_at IS NULL",
      millis(now));
  const std::optional<std::int64_t> min_workers = overrides.min_workers;
  const std::optional<std::int64_t> max_workers = overrides.max_workers;
  run(database,
      "INSERT OR REPLACE INTO cluster (one, lineage, serial, epoch, name, cluster_id, autoscaler, "
      "config, min_workers, max_workers, imported) VALUES (1,?,?,?,?,?,?,?,?,?,?)",
      lineage, next, epoch, cluster.text, cluster_id.text, autoscaler.text, config.text,
      min_workers, max_workers, std::int64_t{imported});
  put_nodes(database, {nodes.begin(), nodes.end()});
  put_resources(database, {resources.begin(), resources.end()});
  raise_highest(database, highest);
  add_breakdown(database, breakdown);
  for (const OpenOp& op : open)
    add_op(database, op);
  for (const auto& [kind, values] : pins) {
    for (const auto& [name, value] : values)
      add_pin(database, kind, name, value);
  }
}

}  // namespace rayctl
