#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "applier/node_ops.h"
#include "base/clock.h"
#include "gcs/ray_cluster.h"
#include "model/manifest.h"
#include "model/spec.h"
#include "providers/provider.h"
#include "state/store.h"

namespace rayctl {

/// Everything an apply can touch. Tests hand over fakes for all of it; all of it is thread-safe.
struct World {
  StateStore& store;
  Clock& clock;
  std::function<Provider&(const ProviderName&)> provider;
  std::function<NodeAccess&(const ProviderName&)> access;
  /// The control service of the Ray whose head this is.
  std::function<Result<std::unique_ptr<RayCluster>>(const CloudNode& head)> ray;
  /// The files of a mount as they are now.
  std::function<Result<Manifest>(const FileMount&)> manifest;
  /// The value behind a secret:// reference.
  std::function<Result<std::string>(const std::string& reference)> secret;
  std::string auth_token;          ///< the cluster's Ray token; "" turns authentication off
  std::function<double()> random;  ///< 0..1, for jitter
  /// Called at "begin:before", "begin:after", "act:after", "finish:after" of every step, with the
  /// action's verb: where tests kill or stop a run.
  std::function<void(const std::string& point, const Action& action)> crash_point;
  /// The cluster's nodes run a plain command instead of Ray: no GCS is asked, a node is alive while
  /// its process is.
  bool plain_processes = false;
  const NodeOps& ops = transport_ops();
};

}  // namespace rayctl
