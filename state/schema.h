#pragma once
#include <array>

namespace rayctl {

// The database of one cluster. Version rule: PRAGMA user_version is the number of steps that were
// applied, so it equals the size of kSchemaSteps for the newest. A step is never changed once it
// was released: what follows is a new step, with a fixture of the version before it in
// fixtures/state/. A database with more steps than these is refused with kStateTooNew.

/// "rayc": tells our databases from any other.
inline constexpr int kApplicationId = 0x72617963;

inline constexpr std::array kSchemaSteps = {
    // 1: the first.
    R"sql(
CREATE TABLE cluster (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  lineage TEXT NOT NULL,
  serial INTEGER NOT NULL,
  epoch INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL DEFAULT '',
  cluster_id TEXT NOT NULL DEFAULT '',
  autoscaler TEXT NOT NULL DEFAULT '',
  config TEXT NOT NULL DEFAULT '',
  min_workers INTEGER,
  max_workers INTEGER,
  imported INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE nodes (
  name TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  provider TEXT NOT NULL,
  head INTEGER NOT NULL,
  id TEXT NOT NULL,
  ip TEXT NOT NULL,
  phase INTEGER NOT NULL CHECK (phase BETWEEN 0 AND 3),
  failure TEXT NOT NULL,
  made_by TEXT,
  launched_at INTEGER NOT NULL,
  applied TEXT NOT NULL,
  running TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE highest (
  type TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE breakdown (
  digest TEXT NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (digest, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE ops (
  seq INTEGER PRIMARY KEY,
  token TEXT NOT NULL,
  action TEXT NOT NULL,
  begun_at INTEGER NOT NULL,
  finished_at INTEGER,
  succeeded INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX ops_open ON ops (token) WHERE finished_at IS NULL;

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  command TEXT NOT NULL,
  who TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT NOT NULL,
  summary TEXT NOT NULL,
  serial INTEGER NOT NULL,
  plan TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql",
    // 2: pins.
    R"sql(
CREATE TABLE pins (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
)sql",
    // 3: resources beside machines, and what a launch has tried.
    R"sql(
CREATE TABLE resources (
  name TEXT PRIMARY KEY,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE ops ADD COLUMN attempts TEXT NOT NULL DEFAULT '[]';
)sql",
};

inline constexpr int kSchemaVersion = static_cast<int>(kSchemaSteps.size());

}  // namespace rayctl
