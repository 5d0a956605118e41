#pragma once
#include <memory>
#include <string>

#include "cli/cluster.h"

namespace rayctl {

/// The records of a cluster alone, without providers: for the `state` verbs.
struct OpenState {
  ClusterPaths paths;
  ClusterName cluster;
  std::unique_ptr<StateStore> store;
};
Result<OpenState> open_state(Session& session, const ClusterFlags& flags);
/// The same with what it holds; kStateMissing if nothing was ever recorded.
struct ReadState {
  OpenState open;
  Snapshot snapshot;
};
Result<ReadState> read_state(Session& session, const ClusterFlags& flags);
/// Takes the store's lock for a verb that writes.
Result<std::unique_ptr<StoreLock>> lock_state(Session& session, OpenState& state,
                                              const std::string& purpose, Millis patience);

}  // namespace rayctl
