#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <vector>

#include "model/snapshot.h"
#include "state/store.h"

namespace rayctl {

// Between rows and the model. All of these throw SQLite::Exception and run inside the caller's
// transaction. What cannot be read as a value (a file damaged by hand) is an Error.

Result<Snapshot> read_snapshot(SQLite::Database& database);
Result<std::vector<JournalLine>> read_journal(SQLite::Database& database, int most);
std::vector<RunRecord> read_runs(SQLite::Database& database, int most);

/// -1 before the first write.
std::int64_t read_serial(SQLite::Database& database);

void put_nodes(SQLite::Database& database,
               const std::map<NodeName, std::optional<NodeRecord>>& records);
void put_resources(SQLite::Database& database,
                   const std::map<ResourceName, std::optional<ResourceRecord>>& records);
void raise_highest(SQLite::Database& database, const std::map<NodeTypeName, int>& highest);
void add_breakdown(SQLite::Database& database, const std::map<Digest, FieldDigests>& breakdown);
/// Drops what neither a record nor the cluster itself refers to any more.
void drop_unused_breakdown(SQLite::Database& database);
/// Keeps the first of two open operations with one token.
void add_op(SQLite::Database& database, const OpenOp& op);
void put_attempts(SQLite::Database& database, const OpToken& token,
                  const std::vector<LaunchAttempt>& attempts);
void close_op(SQLite::Database& database, const Finished& finished, Time now);
/// The first value under a name stays; gives the one that is there now.
std::string add_pin(SQLite::Database& database, const std::string& kind, const std::string& name,
                    const std::string& value);
bool drop_pin(SQLite::Database& database, const std::string& kind, const std::string& name);
Pins read_pins(SQLite::Database& database);
void put_run(SQLite::Database& database, const RunRecord& run);
/// Everything but history gives way to `snapshot`, whose serial becomes `next`.
void put_snapshot(SQLite::Database& database, const Snapshot& snapshot, std::int64_t next,
                  Time now);

}  // namespace rayctl
