#include "cli/autoscale/watch.h"

#include <set>
#include <utility>

#include "applier/refresh.h"
#include "cli/pipeline.h"

namespace rayctl {
namespace {

constexpr Millis kListing{60'000};
constexpr Millis kAsking{10'000};

}  // namespace

Result<RayState> Watch::ask_ray(const CloudNode& head) {
  if (!ray_ || head.id != head_.id) {
    ray_.reset();
    Result<std::unique_ptr<RayCluster>> made = world_.ray(head);
    if (!made) return made.error();
    ray_ = std::move(*made);
    head_ = head;
  }
  Result<RayState> state = ray_->state(world_.clock.now() + kAsking);
  if (!state) ray_.reset();  // what it went through may be gone
  return state;
}

Result<Sight> Watch::look() {
  Result<Snapshot> snapshot = world_.store.load();
  if (!snapshot) return snapshot.error();
  Sight sight{.snapshot = *std::move(snapshot), .observed = {}, .load = {}, .session_name = {}};
  std::set<ProviderName> providers{config_.provider};
  for (const auto& [name, record] : sight.snapshot.nodes)
    providers.insert(record.provider);
  sight.observed = list_machines(world_, config_.cluster, providers, sight.snapshot,
                                 world_.clock.now() + kListing);
  const CloudNode* head = find_head(sight.snapshot, sight.observed);
  if (head == nullptr) {
    ray_.reset();
    return sight;
  }
  Result<RayState> state = ask_ray(*head);
  if (!state) {
    sight.observed.ray = Result<RayView>(state.error());
    return sight;
  }
  sight.observed.ray = Result<RayView>(std::move(state->view));
  sight.load = std::move(state->load);
  sight.session_name = std::move(state->session_name);
  return sight;
}

}  // namespace rayctl
