#pragma once
#include <map>
#include <string>
#include <vector>

#include "cli/cluster.h"
#include "cli/rebuild.h"
#include "model/desired.h"
#include "model/observed.h"

namespace rayctl {

/// What machines of a cluster that is taken in say of how they were launched, where their place can
/// tell.
struct LaunchedAs {
  std::map<std::string, std::string> images;  ///< what names of images mean for them
  RayLaunchTags tags;                         ///< Ray's digests of what it launched them from
};

/// Reads it off the machines, and puts the images that they run into `config`.
Result<LaunchedAs> launched_as(Session& session, Cluster& cluster,
                               const std::vector<CloudNode>& machines, Config& config);

/// Adds what Ray's launchers write on machines launched from the specs as they stand. Without the
/// secrets that go into them nothing is added, which is said.
void add_ray_tags(Session& session, Cluster& cluster, const Desired& desired, RayLaunchTags& tags);

/// Records what is beside machines: what the head uses, where it can tell, before what an apply
/// would look for by name. Access by a key that the cloud knows begins here.
Result<> find_resources(Session& session, Cluster& cluster, const Snapshot& previous,
                        const std::vector<CloudNode>& machines, Rebuilt& rebuilt);

}  // namespace rayctl
