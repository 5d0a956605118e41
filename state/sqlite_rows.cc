#include "state/sqlite_rows.h"

#include <algorithm>
#include <set>

#include "model/codec.h"
#include "model/tags.h"

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
Time time_of(const SQLite::Column& column) {
  return Time{Millis{column.getInt64()}};
}
std::optional<int> number_or_null(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(column.getInt());
}

void read_nodes(Database& database, std::map<NodeName, NodeRecord>& nodes) {
  Statement rows(database,
                 "SELECT name, type, provider, head, id, ip, phase, failure, made_by, applied, "
                 "running, launched_at FROM nodes ORDER BY name");
  while (rows.executeStep()) {
    const auto at =
        nodes.emplace_hint(nodes.end(), NodeName{rows.getColumn(0).getString()}, NodeRecord{});
    NodeRecord& record = at->second;
    record.type.text = rows.getColumn(1).getString();
    record.provider.text = rows.getColumn(2).getString();
    record.head = rows.getColumn(3).getInt() != 0;
    record.id.text = rows.getColumn(4).getString();
    record.ip = rows.getColumn(5).getString();
    record.phase = static_cast<Phase>(rows.getColumn(6).getInt() & 3);
    record.failure = rows.getColumn(7).getString();
    if (const auto made_by = rows.getColumn(8); !made_by.isNull()) {
      record.made_by = OpToken{made_by.getString()};
    }
    record.applied = decode_digests(rows.getColumn(9).getString());
    record.running = decode_digests(rows.getColumn(10).getString());
    record.launched_at = time_of(rows.getColumn(11));
  }
}

void read_breakdown(Database& database, std::map<Digest, FieldDigests>& breakdown) {
  Statement rows(database, "SELECT digest, field, value FROM breakdown ORDER BY digest, field");
  while (rows.executeStep()) {
    const auto at = breakdown.try_emplace(breakdown.end(), Digest{rows.getColumn(0).getString()});
    at->second.emplace_hint(at->second.end(), rows.getColumn(1).getString(),
                            Digest{rows.getColumn(2).getString()});
  }
}

Result<JournalLine> read_line(Statement& row) {
  Result<Action> action = decode_action(row.getColumn(1).getString());
  if (!action) return in_context(action.error(), "reading the journal");
  JournalLine line{{row.getColumn(0).getString()}, *std::move(action), time_of(row.getColumn(2))};
  if (!row.getColumn(3).isNull()) line.finished_at = time_of(row.getColumn(3));
  line.succeeded = row.getColumn(4).getInt() != 0;
  line.error = row.getColumn(5).getString();
  return line;
}

}  // namespace

std::int64_t read_serial(Database& database) {
  Statement row(database, "SELECT serial FROM cluster");
  return row.executeStep() ? row.getColumn(0).getInt64() : -1;
}

Result<Snapshot> read_snapshot(Database& database) {
  Snapshot snapshot;
  Statement row(database,
                "SELECT lineage, serial, epoch, name, cluster_id, autoscaler, config, "
                "min_workers, max_workers, imported FROM cluster");
  if (!row.executeStep()) return snapshot;
  snapshot.lineage = row.getColumn(0).getString();
  snapshot.serial = row.getColumn(1).getInt64();
  snapshot.epoch = row.getColumn(2).getInt64();
  snapshot.cluster.text = row.getColumn(3).getString();
  snapshot.cluster_id.text = row.getColumn(4).getString();
  snapshot.autoscaler.text = row.getColumn(5).getString();
  snapshot.config.text = row.getColumn(6).getString();
  snapshot.overrides.min_workers = number_or_null(row.getColumn(7));
  snapshot.overrides.max_workers = number_or_null(row.getColumn(8));
  snapshot.imported = row.getColumn(9).getInt() != 0;
  read_nodes(database, snapshot.nodes);
  read_breakdown(database, snapshot.breakdown);
  Statement highest(database, "SELECT type, number FROM highest");
  while (highest.executeStep()) {
    snapshot.highest[{highest.getColumn(0).getString()}] = highest.getColumn(1).getInt();
  }
  Statement open(database,
                 "SELECT token, action, begun_at, finished_at, succeeded, error FROM ops "
                 "WHERE finished_at IS NULL ORDER BY seq");
  while (open.executeStep()) {
    Result<JournalLine> line = read_line(open);
    if (!line) return line.error();
    snapshot.open.push_back({line->token, std::move(line->action), line->begun_at});
  }
  return snapshot;
}

Result<std::vector<JournalLine>> read_journal(Database& database, int most) {
  Statement rows(database,
                 "SELECT token, action, begun_at, finished_at, succeeded, error FROM ops "
                 "ORDER BY seq DESC LIMIT ?");
  rows.bind(1, std::max(most, 0));
  std::vector<JournalLine> lines;
  while (rows.executeStep()) {
    Result<JournalLine> line = read_line(rows);
    if (!line) return line.error();
    lines.push_back(*std::move(line));
  }
  return lines;
}

std::vector<RunRecord> read_runs(Database& database, int most) {
  Statement rows(database,
                 "SELECT id, command, who, started_at, ended_at, outcome, summary, serial, plan "
                 "FROM runs ORDER BY id DESC LIMIT ?");
  rows.bind(1, std::max(most, 0));
  std::vector<RunRecord> runs;
  while (rows.executeStep()) {
    RunRecord run;
    run.id = rows.getColumn(0).getString();
    run.command = rows.getColumn(1).getString();
    run.who = rows.getColumn(2).getString();
    run.started_at = time_of(rows.getColumn(3));
    if (!rows.getColumn(4).isNull()) run.ended_at = time_of(rows.getColumn(4));
    run.outcome = rows.getColumn(5).getString();
    run.summary = rows.getColumn(6).getString();
    run.serial = rows.getColumn(7).getInt64();
    run.plan = rows.getColumn(8).getString();
    runs.push_back(std::move(run));
  }
  return runs;
}

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
      "INSERT INTO ops (token, action, begun_at) VALUES (?,?,?) "
      "ON CONFLICT (token) WHERE finished_at IS NULL DO NOTHING",
      op.token.text, encode(op.action), millis(op.begun_at));
}

void close_op(Database& database, const Finished& finished, Time now) {
  run(database,
      "UPDATE ops SET finished_at = ?, succeeded = ?, error = ? "
      "WHERE token = ? AND finished_at IS NULL",
      millis(now), std::int64_t{finished.succeeded}, finished.error, finished.token.text);
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
  [[maybe_unused]] const auto& [lineage, serial, epoch, cluster, cluster_id, nodes, open, highest,
                                breakdown, autoscaler, config, overrides, imported] = snapshot;
  database.exec("DELETE FROM nodes; DELETE FROM highest; DELETE FROM breakdown");
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
  raise_highest(database, highest);
  add_breakdown(database, breakdown);
  for (const OpenOp& op : open)
    add_op(database, op);
}

}  // namespace rayctl
