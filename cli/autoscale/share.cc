#include "cli/autoscale/share.h"

#include <algorithm>
#include <utility>

#include "cli/autoscale/start.h"
#include "cli/autoscale/version_guard.h"
#include "cli/autoscale/worker_key.h"
#include "cli/own_version.h"

namespace rayctl {
namespace {

/// The longest that one call of an effect takes; what goes on longer runs detached.
constexpr Millis kEffect{60'000};
constexpr Millis kCall{30'000};

bool removes(const Plan& plan, const CloudNode& machine) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    const auto* end = std::get_if<TerminateNode>(&step.action);
    return end != nullptr && end->id == machine.id;
  });
}

/// The head as it is now.
Result<std::optional<CloudNode>> head_now(Session& session, Cluster& cluster) {
  const Result<Snapshot> snapshot = cluster.store().load();
  if (!snapshot) return snapshot.error();
  const Config& config = cluster.config();
  Result<std::vector<CloudNode>> machines =
      cluster.world().provider(config.provider).list(config.cluster, session.clock.now() + kCall);
  if (!machines) return machines.error();
  const Observed observed{.machines = {{config.provider, *std::move(machines)}}};
  const CloudNode* head = find_head(*snapshot, observed);
  return head == nullptr ? std::optional<CloudNode>() : std::optional(*head);
}

}  // namespace

Share::Share(Session& session, Cluster& cluster, const ChangeRequest& request)
    : session_(session), cluster_(cluster), request_(request) {}

Share::~Share() {
  give_back();
}

Result<std::unique_ptr<Share>> Share::take(Session& session, Cluster& cluster,
                                           const ChangeRequest& request, const Prepared& prepared) {
  std::unique_ptr<Share> share(new Share(session, cluster, request));
  const Config& config = cluster.config();
  const bool ran = recorded_place(prepared.snapshot).has_value();
  const bool wanted = wanted_place(config) != AutoscalerPlace::kNowhere;
  if (!wanted && !ran) return share;
  World& world = cluster.world();
  world.may_begin = [&share = *share] { return share.may_begin(); };
  world.configure_autoscaler = [&share = *share, &prepared](const ConfigureAutoscaler&) {
    return share.start(prepared);
  };
  const bool on_head = prepared.autoscaler_place == AutoscalerPlace::kHead;
  if (on_head && !prepared.plan.destroy && cluster.opens_by_key()) {
    // Before the first launch: what is launched is told of it.
    const Result<std::filesystem::path> key =
        ensure_worker_key(cluster.paths().folder, prepared.snapshot.cluster_id);
    if (!key) return key.error();
  }
  const CloudNode* head = find_head(prepared.snapshot, prepared.observed);
  const Result<> held = share->hold(head);
  share->from_autoscaler_ = ran && held && share->lease_;
  const bool ends = prepared.plan.destroy && prepared.desired.want.at(config.head_type) == 0;
  const bool silent = !held && held.error().code == ErrorCode::kConnectionLost;
  // Where the head's own container does not run, no autoscaler does.
  const bool ended = !held && held.error().code == ErrorCode::kContainerFailed;
  // A head that hangs, or whose disk is full, is taken down all the same.
  const bool full = !held && ends && held.error().code == ErrorCode::kIo;
  const bool hangs = !held && ends && held.error().fault == Fault::kUnknown;
  if (!held && !silent && !ended && !full && !hangs) return held.error();
  if (ran && (silent || full || hangs)) {
    session.io.err << "warning: the head does not answer"
                   << (silent ? "" : " as it should (" + held.error().message + ")")
                   << ": an autoscaler that still runs there does not know of this change\n";
  }
  const bool goes = head != nullptr && !all_is_here(config) && removes(prepared.plan, *head);
  if (!ends && !goes && wanted) return share;
  const bool works = held || full;
  if (Result<> over = share->end(prepared, works ? head : nullptr, ends); !over)
    return over.error();
  return share;
}

Result<> Share::end(const Prepared& prepared, const CloudNode* head, bool with_cluster) {
  // A machine that goes may be gone by now, as after a change that was killed: what was on it too.
  const auto went = [](const Result<>& ended) {
    return !ended && ended.error().code == ErrorCode::kConnectionLost;
  };
  if (with_cluster && lease_) {
    const Result<> ended = lease_->lease().end();
    if (!ended && !went(ended)) return ended;
    if (!ended) head = nullptr;
  }
  Result<> over = end_autoscaler(session_, cluster_, head);
  if (head != nullptr && went(over)) over = end_autoscaler(session_, cluster_, nullptr);
  if (!over) return over;
  if (with_cluster) drop_worker_key(cluster_.paths().folder);
  if (with_cluster && !prepared.snapshot.autoscaler.empty()) {
    const Result<std::int64_t> forgotten =
        cluster_.store().change_cluster({.autoscaler = Digest{}}, prepared.snapshot.serial);
    if (!forgotten) return forgotten.error();
  }
  // It goes where the head goes.
  if (!all_is_here(cluster_.config())) give_back();
  return {};
}

void Share::give_back() {
  keeper_.reset();
  if (lease_) static_cast<void>(lease_->lease().release());
  lease_.reset();
}

Result<> Share::hold(const CloudNode* head) {
  if (lease_) return {};
  if (head != nullptr && !all_is_here(cluster_.config())) {
    Result<std::unique_ptr<CommandRunner>> there =
        cluster_.world().access(cluster_.config().provider).machine_runner(*head);
    if (!there) return there.error();
    Result<> newest = guard_head_version(**there, own_version(), session_.clock.now() + kCall);
    if (!newest) return newest;
  }
  Result<std::unique_ptr<ClusterLease>> lease =
      ClusterLease::open(session_, cluster_, head, LeaseKind::kOperator);
  if (!lease) return lease.error();
  if (!*lease) return {};
  if (Result<> mine = (*lease)->lease().take(request_.lock_timeout, {}); !mine) return mine;
  const std::lock_guard lock(mutex_);
  lease_ = *std::move(lease);
  keeper_ = std::make_unique<LeaseKeeper>(lease_->lease(), session_.clock);
  return {};
}

Result<> Share::may_begin() {
  const std::lock_guard lock(mutex_);
  if (!lease_) return {};
  return lease_->lease().still_mine(session_.clock.now() + kEffect);
}

Result<AutoscalerInForce> Share::start(const Prepared& prepared) {
  const Config& config = cluster_.config();
  std::optional<CloudNode> head;
  if (!all_is_here(config)) {
    Result<std::optional<CloudNode>> found = head_now(session_, cluster_);
    if (!found) return found.error();
    head = *std::move(found);
    if (!head) return permanent(ErrorCode::kNoSuchNode, "no head runs");
    if (Result<> held = hold(&*head); !held) return held.error();
  }
  AutoscalerStart start(session_, cluster_, request_.source, prepared.plan.images);
  Desired desired = prepared.desired;
  Result<> begun = prepared.autoscaler_place == AutoscalerPlace::kHead
                       ? start.on_head(*head)
                       : start.here(head ? &*head : nullptr);
  const bool cannot = !begun && begun.error().code == ErrorCode::kNotSupported;
  if (cannot && prepared.autoscaler_place == AutoscalerPlace::kHead) {
    hand_over(desired, config, AutoscalerPlace::kHere);
    begun = start.here(&*head);
  }
  if (!begun) return begun.error();
  return AutoscalerInForce{desired.autoscaler, desired.breakdown[desired.autoscaler]};
}

}  // namespace rayctl
