#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "applier/node_ops.h"
#include "base/clock.h"
#include "gcs/ray_cluster.h"
#include "model/action.h"
#include "model/manifest.h"
#include "model/spec.h"
#include "providers/provider.h"
#include "state/store.h"

namespace rayctl {

/// What an autoscaler works from: the fields behind the digest are recorded with it.
struct AutoscalerInForce {
  Digest digest;
  FieldDigests fields;
};

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
  /// The value of Ray's own tag ray-launch-config for a node config whose secrets are in place, so
  /// that Ray's launcher finds the machine as it would have made it. Empty: the tag is left out.
  std::function<std::string(const Json& node_config)> ray_launch_tag;
  /// What the head's ~/ray_bootstrap_config.yaml holds, for Ray's own tools; "" for none. Asked
  /// when all that the cluster needs beside machines is there. May be null.
  std::function<Result<std::string>()> bootstrap_config;
  /// The private key here that Ray's monitor on the head logs in to workers with; "" for none.
  std::string bootstrap_key;
  std::string auth_token;          ///< the cluster's Ray token; "" turns authentication off
  std::function<double()> random;  ///< 0..1, for jitter
  /// Called at "begin:before", "begin:after", "act:after", "finish:after" of every step, with the
  /// action's verb: where tests kill or stop a run.
  std::function<void(const std::string& point, const Action& action)> crash_point;
  /// Hands limits, config and program to the autoscaler, and sees to it that it runs; gives what is
  /// then in force. May be null: nothing of ours decides on counts.
  std::function<Result<AutoscalerInForce>(const ConfigureAutoscaler& action)> configure_autoscaler;
  /// Asked just before each step begins: an Error (kConflict) if the cluster is no longer ours to
  /// change. May be null.
  std::function<Result<>()> may_begin;
  /// The cluster's nodes run a plain command instead of Ray: no GCS is asked, a node is alive while
  /// its process is.
  bool plain_processes = false;
  const NodeOps& ops = transport_ops();
};

}  // namespace rayctl
