#include <unistd.h>

#include <filesystem>
#include <utility>

#include "cli/autoscale/bundle.h"
#include "cli/autoscale/cluster_lease.h"
#include "cli/autoscale/cluster_loop.h"
#include "cli/autoscale/taken_over.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/pipeline.h"
#include "cli/remote.h"
#include "cli/run.h"
#include "cli/signals.h"

namespace rayctl {
namespace {

constexpr Millis kLook{20'000};

class AutoscaleVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.value("--min-workers", cluster_.min_workers);
    flags.value("--max-workers", cluster_.max_workers);
    flags.duration("--interval", options_.interval);
    flags.flag("--once", options_.once);
    flags.flag("--check", check_);
  }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open(session);
    if (!cluster) return cluster.error();
    if (check_) return look_once(session, **cluster);
    const SignalGuard guard([](int) {});
    Result<std::unique_ptr<ClusterLease>> lease = open_lease(session, **cluster);
    if (!lease) return lease.error();
    if (!*lease) return permanent(ErrorCode::kNoSuchNode, "no head runs yet");
    LeaseTurn turn((*lease)->lease(), session.clock);
    Result<> ran = run_cluster_loop(session, **cluster, turn, options_, guard.token());
    if (!ran) return ran.error();
    if (turn.lost()) return transient(ErrorCode::kConnectionLost, "the head has not answered");
    return 0;
  }

 private:
  Result<std::unique_ptr<Cluster>> open(Session& session) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(cluster_.config, ignored)) {
      return open_cluster(session, cluster_);
    }
    take_output(session, cluster_.json, cluster_.no_color);
    Result<OpenedBundle> bundle = open_bundle(session, cluster_.config);
    if (!bundle) return bundle.error();
    session.diagnostics.clear();  // warnings are for those who plan
    on_head_ = bundle->facts.state.empty();
    const ClusterPaths paths = bundle->paths;
    Result<std::unique_ptr<Cluster>> cluster =
        Cluster::open(session, std::move(bundle->config), paths);
    if (!cluster || !on_head_) return cluster;
    // Held by an older one for the moment that it takes to see that this one is there.
    Result<std::unique_ptr<StoreLock>> lock =
        (*cluster)->store().lock({.who = user_at_host(),
                                  .pid = getpid(),
                                  .purpose = kAutoscalePurpose,
                                  .since = session.clock.now()},
                                 kYieldTime);
    if (!lock) return lock.error();
    Result<> taken = take_over_records((*cluster)->store(), cluster_.config, paths.folder);
    if (!taken) return in_context(taken.error(), "taking over the operator's records");
    return cluster;
  }

  static Result<int> look_once(Session& session, Cluster& cluster) {
    const Config& config = cluster.config();
    const Result<std::vector<CloudNode>> seen =
        cluster.world().provider(config.provider).list(config.cluster, session.clock.now() + kLook);
    if (!seen) return seen.error();
    return 0;
  }

  Result<std::unique_ptr<ClusterLease>> open_lease(Session& session, Cluster& cluster) const {
    if (on_head_) return ClusterLease::beside(session, cluster_.config);
    const Result<Looked> looked = look_at_machines(session, cluster);
    if (!looked) return looked.error();
    return ClusterLease::open(session, cluster, find_head(looked->snapshot, looked->observed),
                              LeaseKind::kAutoscaler);
  }

  bool check_ = false;
  bool on_head_ = false;
  ClusterFlags cluster_;
  ClusterLoopOptions options_;
};

}  // namespace

std::unique_ptr<Verb> make_autoscale_verb() {
  return std::make_unique<AutoscaleVerb>();
}

}  // namespace rayctl
