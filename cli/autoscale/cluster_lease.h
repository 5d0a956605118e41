#pragma once
#include <memory>
#include <optional>

#include "cli/autoscale/lease.h"
#include "cli/autoscale/turn.h"
#include "cli/cluster.h"
#include "cli/session.h"

namespace rayctl {

/// What a lock of the store's says that an autoscaler holds it for.
inline constexpr char kAutoscalePurpose[] = "autoscale";

/// The lease of a cluster, and the connection that it lies behind: in the cluster's folder where
/// all nodes are on this machine, else on the head.
class ClusterLease {
 public:
  /// null without an Error: there is no head yet, and so nobody to share the cluster with.
  static Result<std::unique_ptr<ClusterLease>> open(Session& session, Cluster& cluster,
                                                    const CloudNode* head, LeaseKind kind);
  /// For an autoscaler beside the head: the one beside its bundle.
  static std::unique_ptr<ClusterLease> beside(Session& session,
                                              const std::filesystem::path& bundle);
  Lease& lease() { return *lease_; }

 private:
  ClusterLease(Session& session, std::unique_ptr<CommandRunner> runner, const std::string& path,
               LeaseKind kind);
  std::unique_ptr<CommandRunner> runner_, here_;
  std::unique_ptr<SharedFile> file_;
  std::unique_ptr<Lease> lease_;
};

/// Runs programs here with the cluster's folder as their home.
std::unique_ptr<CommandRunner> folder_runner(const ClusterPaths& paths);
/// Runs programs here as this program runs: with its environment.
std::unique_ptr<CommandRunner> own_runner();

/// An autoscaler's turn is its lease. Errors of the lease's file count as somebody else's turn, and
/// after two minutes as its end: the head that the file is on may be another one by then.
class LeaseTurn final : public Turn {
 public:
  LeaseTurn(Lease& lease, Clock& clock) : lease_(lease), clock_(clock) {}
  Say ask() override;
  Result<> may_begin() override;
  std::string holder() override;
  std::string trouble() override { return trouble_; }
  /// Whether it ended because the file could not be reached.
  bool lost() const { return lost_; }
  void give_back() override { static_cast<void>(lease_.release()); }

 private:
  void reached();
  Say unreachable(const Error& error);

  Lease& lease_;
  Clock& clock_;
  std::optional<Time> failing_since_;
  std::string trouble_;
  bool lost_ = false;
};

}  // namespace rayctl
