#pragma once
#include <functional>
#include <string>
#include <vector>

#include "cli/remote.h"
#include "model/json.h"
#include "transport/file_sync.h"

namespace rayctl {

/// What became of the files of one node: a line for people and the same as JSON.
struct Transfer {
  std::string line;
  Json json = Json::object();
};

/// The head, or with `all` every node that runs, each with a way to run programs on it.
Result<std::vector<RemoteNode>> nodes_for_transfer(Session& session, Cluster& cluster, bool all);

/// Says on `err` every few seconds how far the sending to a node is.
SyncProgress told_on(Session& session, const std::string& node);

/// Does the work for all nodes at once (a few at a time) and shows each as it is done. The first
/// error is returned once all are done; those of other nodes go to `err`.
Result<int> transfer_on_all(Session& session, std::vector<RemoteNode>& nodes,
                            const std::function<Result<Transfer>(RemoteNode&)>& work);

}  // namespace rayctl
