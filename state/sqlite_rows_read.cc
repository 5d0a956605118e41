#include <algorithm>

#include "model/codec.h"
#include "model/tags.h"
#include "state/sqlite_rows.h"

namespace rayctl {

namespace {

using SQLite::Database;
using SQLite::Statement;

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

Pins read_pins(Database& database) {
  Pins pins;
  Statement rows(database, "SELECT kind, name, value FROM pins");
  while (rows.executeStep()) {
    pins[rows.getColumn(0).getString()][rows.getColumn(1).getString()] =
        rows.getColumn(2).getString();
  }
  return pins;
}

Result<Snapshot> read_snapshot(Database& database) {
  Snapshot snapshot;
  snapshot.pins = read_pins(database);
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
  Statement resources(database, "SELECT name, record FROM resources");
  while (resources.executeStep()) {
    Result<ResourceRecord> record = decode_resource(resources.getColumn(1).getString());
    if (!record) return in_context(record.error(), "reading the resources");
    snapshot.resources[{resources.getColumn(0).getString()}] = *std::move(record);
  }
  Statement open(database,
                 "SELECT token, action, begun_at, finished_at, succeeded, error, attempts FROM ops "
                 "WHERE finished_at IS NULL ORDER BY seq");
  while (open.executeStep()) {
    Result<JournalLine> line = read_line(open);
    if (!line) return line.error();
    Result<std::vector<LaunchAttempt>> attempts = decode_attempts(open.getColumn(6).getString());
    if (!attempts) return in_context(attempts.error(), "reading the journal");
    snapshot.open.push_back(
        {line->token, std::move(line->action), line->begun_at, *std::move(attempts)});
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

}  // namespace rayctl
