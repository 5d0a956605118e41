#include "providers/aws/stopped_cache.h"

#include <algorithm>

#include "base/text.h"
#include "providers/aws/instances.h"
#include "providers/aws/query_params.h"

namespace rayctl::aws {
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
  Reply<std::vector<Ec2Instance>> all = instances_of(api_, request.cluster, deadline);
  if (!all) return in_context(all.value.error(), "looking for stopped machines");
  std::vector<CloudId> ids;
  const std::lock_guard lock(mutex_);
  for (const Ec2Instance& instance : *all) {
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

Changed StoppedCache::start(const LaunchRequest& request, const std::vector<CloudId>& ids,
                            Time deadline) {
  Changed tagged = tagging_.set_all(ids, request.tags, deadline);
  if (!tagged) return tagged;
  tagged = tagging_.remove_all(ids, {kTagCached, kTagNode}, deadline);
  if (!tagged) return tagged;
  Params params;
  std::vector<std::string> texts;
  for (const CloudId& id : ids)
    texts.push_back(id.text);
  add_list(params, "InstanceId", texts);
  const Reply<Answer> answer = api_.query("ec2", "StartInstances", std::move(params), deadline);
  if (!answer) return {answer.value.error(), answer.api};
  return {};
}

Changed StoppedCache::mark(const std::vector<CloudId>& ids, Time deadline) {
  return tagging_.set_all(ids, {{kTagCached, "1"}}, deadline);
}

}  // namespace rayctl::aws
