#include "providers/gcp/stopped_cache.h"

#include <algorithm>

namespace rayctl::gcp {
namespace {

bool fits(const CloudNode& node, const LaunchRequest& request) {
  const auto applied = node.tags.find(kTagApplied);
  const auto cluster = request.tags.find(kTagClusterId);
  return node.cached && node.power == Power::kStopped && node.head == request.spec->head &&
         node.type == request.spec->type && applied != node.tags.end() &&
         cluster != request.tags.end() && node.cluster == ClusterId{cluster->second} &&
         decode_digests(applied->second).launch == request.spec->digests.launch;
}

}  // namespace

Result<std::vector<CloudId>> StoppedCache::take(const LaunchRequest& request, Time deadline) {
  Reply<std::vector<GceInstance>> all =
      instances_of(api_, index_.place(), request.cluster, deadline);
  if (!all) return in_context(all.value.error(), "looking for stopped machines");
  index_.keep(*all);
  std::vector<CloudId> ids;
  const std::lock_guard lock(mutex_);
  for (const GceInstance& instance : *all) {
    const CloudId& id = instance.node.id;
    if (fits(instance.node, request) && !taken_.contains(id)) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  if (ids.size() > request.nodes.size()) ids.resize(request.nodes.size());
  taken_.insert(ids.begin(), ids.end());
  return ids;
}

void StoppedCache::give_back(const std::vector<CloudId>& ids) {
  const std::lock_guard lock(mutex_);
  for (const CloudId& id : ids)
    taken_.erase(id);
}

Reply<std::monostate> StoppedCache::start(const CloudId& id, const Tags& tags, Time deadline) {
  const Reply<std::monostate> tagged = labelling_.change(id, tags, {kTagCached}, deadline);
  if (!tagged) return tagged;
  const Reply<std::optional<GceInstance>> found = index_.find(id, deadline);
  if (!found) return {found.value.error(), found.api};
  if (!*found) return {permanent(ErrorCode::kProviderRefused, id.text + " is gone"), {404, "", ""}};
  const Reply<Operation> started = call_and_wait(api_, clock_, index_.place().project,
                                                 {.id = "compute.instances.start",
                                                  .verb = "POST",
                                                  .path = index_.path(**found, "start"),
                                                  .repeatable = true},
                                                 deadline);
  if (!started) return {started.value.error(), started.api};
  return {};
}

void StoppedCache::mark(const CloudId& id, Time deadline) {
  // Best effort: one that stays unmarked is seen as what it is, a stopped machine of the cluster.
  (void)labelling_.change(id, {{kTagCached, "1"}}, {kTagNode}, deadline);
}

}  // namespace rayctl::gcp
