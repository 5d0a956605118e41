#pragma once
#include <map>
#include <string>

#include "cli/autoscale/place.h"
#include "cli/cluster.h"
#include "cli/views/plan_summary.h"

namespace rayctl {

/// Starts a cluster's autoscaler, as its YAML is now, in the place of the one that runs.
class AutoscalerStart {
 public:
  /// The references outlive it. `images` is Plan::images.
  AutoscalerStart(Session& session, Cluster& cluster, PlanSource source,
                  std::map<std::string, std::string> images);

  /// Writes its bundle and starts it from that, here; one beside `head` (null: there is none) ends.
  Result<> here(const CloudNode* head);
  /// Writes its bundle, takes it to the head, lets the cluster's own key into the machines, and
  /// starts it there; one that runs here ends. kNotSupported where it cannot run there: nothing
  /// was started then.
  Result<> on_head(const CloudNode& head);

 private:
  Result<> write(const Snapshot& now, bool own_state, const std::string& worker_key);
  Result<> open_machines(const Snapshot& now, const std::string& public_line);

  Session& session_;
  Cluster& cluster_;
  const PlanSource source_;
  const std::map<std::string, std::string> images_;
  Digest digest_;                 ///< of the bundle that was written last
  std::filesystem::path bundle_;  ///< its folder
};

/// Ends a cluster's autoscaler wherever it runs, takes back its key, and leaves nothing of it on
/// the head. `head` is null where none runs: then nothing of it is there.
Result<> end_autoscaler(Session& session, Cluster& cluster, const CloudNode* head);

}  // namespace rayctl
