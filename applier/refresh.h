#pragma once
#include <set>

#include "applier/world.h"
#include "model/observed.h"
#include "model/snapshot.h"

namespace rayctl {

/// Looks at the world, changes nothing: lists the machines and resources of every provider (those
/// of the config and those that records name) in parallel, asks GCS if a head of ours runs. Errors
/// go into the result.
Observed refresh(World& world, const ClusterName& cluster, const std::set<ProviderName>& providers,
                 const Snapshot& snapshot, Time deadline);

/// What the providers have for the cluster beside machines, into `observed`. `thorough`: all of it
/// is looked at, also what the records say and costs a call each.
void look_at_resources(World& world, const ClusterName& cluster,
                       const std::set<ProviderName>& providers, const Snapshot& snapshot,
                       bool thorough, Time deadline, Observed& observed);

/// The lists alone: for verbs that work on machines and do not care what Ray thinks of them.
Observed list_machines(World& world, const ClusterName& cluster,
                       const std::set<ProviderName>& providers, const Snapshot& snapshot,
                       Time deadline);

/// For --refresh=false: the records stand in for the machines.
Observed assume(const Snapshot& snapshot, Time now);

}  // namespace rayctl
