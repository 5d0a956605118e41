#pragma once
#include "model/desired.h"
#include "model/plan.h"

namespace rayctl {

/// A cluster "demo" of one head and `workers` nodes of type "small", with a file mount ~/app and
/// one setup command per type. Its digests follow from its contents: see seal().
Desired small_cluster(int workers);

/// Sets the digests of every spec, and their breakdown, from what the specs hold now. Call it after
/// a change.
void seal(Desired& desired);

/// What the mount ~/app of small_cluster holds: one file, `version` says of which contents.
Manifest app_files(const std::string& version);

}  // namespace rayctl
