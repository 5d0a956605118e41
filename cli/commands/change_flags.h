#pragma once
#include <string>
#include <vector>

#include "cli/cluster_flags.h"
#include "cli/run.h"

namespace rayctl {

/// The flags that shape a plan: shared by plan, apply and up.
struct PlanFlags {
  ClusterFlags cluster;
  bool no_restart = false, restart_only = false, restart = false, replace_head = false;
  bool destroy = false;
  bool refresh = true, upgrade_images = false;
  std::vector<std::string> target, exclude;
};
void declare_plan(Flags& flags, PlanFlags& target);
Goal goal_of(const PlanFlags& flags);
PlanSource source_of(const ClusterFlags& flags);

/// The flags of every verb that changes something.
struct ChangeFlags {
  bool yes = false;
  Millis lock_timeout{0};
  int parallelism = 10;
};
void declare_change(Flags& flags, ChangeFlags& target);
ChangeRequest request_of(const std::string& command, const ClusterFlags& cluster,
                         const ChangeFlags& change, const Goal& goal);

/// Loads the file, checks what a change needs (mounts, secrets) and opens the cluster.
Result<std::unique_ptr<Cluster>> open_for_change(Session& session, const ClusterFlags& flags,
                                                 bool destroy);
/// The same for verbs that only look.
Result<std::unique_ptr<Cluster>> open_cluster(Session& session, const ClusterFlags& flags);

}  // namespace rayctl
