#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/ray_files.h"
#include "model/config.h"
#include "model/desired.h"
#include "model/observed.h"
#include "model/snapshot.h"

namespace rayctl {

/// What an import makes of what runs.
struct Rebuilt {
  Snapshot snapshot;
  /// Machines that carry our cluster's name but not its id: they are taken in, and must be tagged.
  std::vector<CloudNode> foreign;
  /// Machines that carry Ray's digest of another launch config than the file's. Nothing of ours
  /// says how they were launched, so they are kept as they are.
  std::vector<NodeName> launched_otherwise;
  /// Machines of other tools on which everything counts as the file says it, since nothing of ours
  /// says otherwise.
  std::vector<NodeName> taken_as_current;
  /// Those of them whose files Ray's digest proves, and those whose it disproves: these count as
  /// without files, so that a plan sends them; of the third kind nothing can be proven.
  std::vector<NodeName> files_proven, files_differ, files_unproven;
};

/// The values of Ray's tag ray-launch-config that mean "launched as the file says".
using RayLaunchTags = std::map<NodeTypeName, std::set<std::string>>;

/// The records that the machines' tags describe. `previous` gives lineage and serial (an empty one:
/// new ones are made by the store); `fresh_id` is used when no machine carries a cluster id. The
/// head's id decides, else the commonest. Machines without a name get the next free one of their
/// type. A machine that only Ray's tags describe counts as launched from the file if `ray_tags` has
/// its digest, and `file_tags` say the same of its files. Pure.
Rebuilt rebuild_snapshot(const Config& config, const Desired& desired, const Snapshot& previous,
                         const std::vector<CloudNode>& machines, const std::string& fresh_id,
                         const RayLaunchTags& ray_tags = {}, const RayFileTags& file_tags = {});

}  // namespace rayctl
