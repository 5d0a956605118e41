#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/desired.h"
#include "model/observed.h"
#include "model/op_token.h"
#include "model/plan.h"
#include "model/snapshot.h"

namespace rayctl {

/// What the person asked of this run, beside the YAML.
struct PlanOptions {
  bool no_restart = false;          ///< leave out every step that stops Ray on a living node
  bool restart_only = false;        ///< nothing but restarts
  bool restart = false;             ///< restart Ray on every node even where nothing changed
  bool replace_head = false;        ///< the head may be replaced
  bool refreshed = true;            ///< false with --refresh=false: records stand in for machines
  bool autoscaler_down = false;     ///< the program that decides on counts should run, and does not
  bool keep_shared = false;         ///< a removal of all leaves what is beside machines
  std::vector<std::string> target;  ///< globs over node and node type names; empty: all
  std::vector<std::string> exclude;  ///< the same, and it wins
  Overrides overrides;
  bool operator==(const PlanOptions&) const = default;
};

/// Computes the whole plan. Total and pure: no I/O, clock or randomness; equal inputs give equal
/// plans, byte for byte; any snapshot and any observation give a plan: a strange machine becomes a
/// step, a blind spot or a `blocked` entry. Near-linear in nodes. Rules: docs/planning.md.
Plan make_plan(const Desired& desired, const Snapshot& snapshot, const Observed& observed,
               const PlanOptions& options);

/// The snapshot that a perfect run of `plan` would leave, used by tests ("planning against what an
/// apply would leave is empty") and by `plan --json` consumers. Pure. Machines that steps create
/// get ids "new:<node name>".
struct Outcome {
  Snapshot snapshot;
  Observed observed;
};
Outcome predict(const Plan& plan, const Snapshot& snapshot, const Observed& observed);

}  // namespace rayctl
