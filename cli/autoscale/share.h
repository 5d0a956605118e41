#pragma once
#include <memory>
#include <mutex>

#include "cli/autoscale/cluster_lease.h"
#include "cli/autoscale/lease_keeper.h"
#include "cli/autoscale/place.h"
#include "cli/pipeline.h"
#include "cli/run.h"

namespace rayctl {

/// The cluster while an operator changes it: the lease is ours, and the autoscaler stands by. Given
/// back when this ends; its cluster's world must not be used afterwards.
class Share {
 public:
  /// Waits for the autoscaler to yield and takes the lease. Where the cluster or its head goes, or
  /// no autoscaler is wanted any more, it is ended first, and the lease given back. From then on
  /// the cluster's world begins no step without the lease, and knows how the autoscaler is started.
  /// Without a head that goes on there is nobody to share the cluster with: the lease is taken when
  /// the autoscaler is started. The references outlive it.
  static Result<std::unique_ptr<Share>> take(Session& session, Cluster& cluster,
                                             const ChangeRequest& request,
                                             const Prepared& prepared);
  /// Whether an autoscaler was at work until then: what was planned before may be out of date.
  bool from_autoscaler() const { return from_autoscaler_; }
  ~Share();
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

 private:
  Share(Session& session, Cluster& cluster, const ChangeRequest& request);
  /// Takes the lease on this head, unless it is ours.
  Result<> hold(const CloudNode* head);
  /// Ends the autoscaler, for good `with_cluster`, and gives the lease back.
  Result<> end(const Prepared& prepared, const CloudNode* head, bool with_cluster);
  Result<> may_begin();
  void give_back();
  Result<AutoscalerInForce> start(const Prepared& prepared);

  Session& session_;
  Cluster& cluster_;
  const ChangeRequest& request_;
  bool from_autoscaler_ = false;
  std::mutex mutex_;
  std::unique_ptr<ClusterLease> lease_;
  std::unique_ptr<LeaseKeeper> keeper_;
};

}  // namespace rayctl
