#pragma once
#include <map>
#include <string>

#include "model/config.h"
#include "model/desired.h"

namespace rayctl {

/// Counts when no autoscaler decided: per type the number of living nodes, clamped to its min and
/// max, then to the cluster's max_workers (the last types of the file give way first, not below
/// their min unless the mins alone exceed it). `living` has no head. The older form's
/// initial_workers count as living, as `ray up` starts them each time.
Scale default_scale(const Config& config, const std::map<NodeTypeName, int>& living);

/// The digests of file mounts, by remote path.
using MountDigests = std::map<std::string, Digest>;

/// Folds counts into the config. Pure. Gives every node type its spec with one digest per effect
/// and the breakdown by field. Values at secret places enter digests keyed with `key` (the
/// cluster's own), never in the clear.
Desired resolve(const Config& config, const Scale& scale, const MountDigests& mounts,
                const std::string& key);

/// The same with nothing wanted: `down`. `keep_min_workers` keeps each type's min_workers and the
/// head; `workers_only` keeps the head.
Desired resolve_destroy(const Config& config, const MountDigests& mounts, const std::string& key,
                        bool workers_only, bool keep_min_workers,
                        const std::map<NodeTypeName, int>& living);

}  // namespace rayctl
