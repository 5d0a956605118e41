#include "cli/commands/open_state.h"

#include <unistd.h>

#include "cli/run.h"
#include "state/sqlite_store.h"

namespace rayctl {

Result<OpenState> open_state(Session& session, const ClusterFlags& flags) {
  Result<ClusterName> name = cluster_name(session, flags);
  if (!name) return name.error();
  OpenState state{.paths = cluster_paths(*name, flags.state), .cluster = *name};
  Result<std::unique_ptr<StateStore>> store =
      open_sqlite_store(state.paths.database, session.clock);
  if (!store) return store.error();
  state.store = *std::move(store);
  return state;
}

Result<ReadState> read_state(Session& session, const ClusterFlags& flags) {
  Result<OpenState> state = open_state(session, flags);
  if (!state) return state.error();
  Result<Snapshot> snapshot = state->store->load();
  if (!snapshot) return snapshot.error();
  if (snapshot->serial == 0) {
    return permanent(ErrorCode::kStateMissing,
                     "nothing is recorded of cluster " + state->cluster.text);
  }
  return ReadState{*std::move(state), *std::move(snapshot)};
}

Result<std::unique_ptr<StoreLock>> lock_state(Session& session, OpenState& state,
                                              const std::string& purpose, Millis patience) {
  return state.store->lock(
      {.who = user_at_host(), .pid = getpid(), .purpose = purpose, .since = session.clock.now()},
      patience);
}

}  // namespace rayctl
