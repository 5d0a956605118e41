#pragma once
#include <map>

#include "cli/autoscale/place.h"
#include "cli/cluster.h"
#include "config/resolve.h"
#include "model/desired.h"
#include "model/plan.h"
#include "planner/planner.h"

namespace rayctl {

/// Digests of what the file mounts hold now; the first mount that cannot be read is the error.
Result<MountDigests> hash_mounts(Cluster& cluster);

/// What a run is for, beside the YAML.
struct Goal {
  bool destroy = false, workers_only = false, keep_min_workers = false;
  bool refresh = true;
  bool upgrade_images = false;  ///< names of images are looked up again
  /// What names of images mean whatever is pinned: those of a saved plan.
  std::map<std::string, std::string> images;
  PlanOptions options;
};

/// Everything that was read and computed before anything is done.
struct Prepared {
  Snapshot snapshot;
  Observed observed;
  Desired desired;
  Plan plan;
  AutoscalerPlace autoscaler_place = AutoscalerPlace::kNowhere;  ///< where it is to run
  std::string autoscaler_note;   ///< why it is not where the config wants it; ""
  bool autoscaler_down = false;  ///< it was handed the cluster, and does not run
  Millis refresh_took{0};
};

/// The goal for these counts: file mounts are read, names of images are looked up.
Result<Desired> desired_for(Session& session, Cluster& cluster, const Goal& goal,
                            const Snapshot& snapshot, const Scale& scale);

/// Reads the state, looks at the world and plans. Changes nothing but the hash cache.
Result<Prepared> prepare(Session& session, Cluster& cluster, const Goal& goal);

/// Plans again from what was read, after a decision. Pure.
void replan(Prepared& prepared, const Goal& goal);

/// State and world, without a plan: for verbs that only look.
struct Looked {
  Snapshot snapshot;
  Observed observed;
};
Result<Looked> look(Session& session, Cluster& cluster, bool refresh = true);

/// Living workers per type: machines of ours that are pending or running and are not on their way
/// out, also those that a list may still omit; where a provider could not be listed, its records.
/// Pure.
std::map<NodeTypeName, int> count_living(const Snapshot& snapshot, const Observed& observed);

/// The head's machine: the one that is recorded, else the one that is tagged so; nullptr if none
/// runs. Pure.
const CloudNode* find_head(const Snapshot& snapshot, const Observed& observed);
/// The machine of a node by its stable name; nullptr if none is seen. Pure.
const CloudNode* find_machine(const Snapshot& snapshot, const Observed& observed,
                              const NodeName& node);

}  // namespace rayctl
