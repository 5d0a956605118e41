#include "providers/kubernetes/pods.h"

#include <atomic>
#include <optional>
#include <utility>

#include "base/parallel.h"
#include "base/text.h"
#include "net/url_text.h"
#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/pod_manifest.h"
#include "providers/kubernetes/pod_tags.h"
#include "providers/kubernetes/pod_view.h"

namespace rayctl::kubernetes {
namespace {

/// An API server makes about as many pods a second with this many at once as it ever does.
constexpr std::size_t kMadeAtOnce = 50;
/// Of so many pods that wait without a word, the events are asked for.
constexpr std::size_t kExplained = 4;

Query pods_of(const ClusterName& cluster) {
  return {{"labelSelector", std::string(kTagClusterName) + "=" + cluster.text}};
}

}  // namespace

/// What came of the call for one pod.
struct Pods::Made {
  std::optional<CloudNode> node;
  std::optional<Error> error;
  std::string over_quota;  ///< the server's words
};

std::string Pods::path(const std::string& name) const {
  const std::string all = "/api/v1/namespaces/" + percent_encode(space_) + "/pods";
  return name.empty() ? all : all + "/" + percent_encode(name);
}

Result<std::vector<CloudNode>> Pods::list(const ClusterName& cluster, Time deadline) {
  const Result<ApiList> listed = api_.list(path(), pods_of(cluster), deadline);
  if (!listed) return listed.error();
  {
    const std::lock_guard lock(mutex_);
    listed_[cluster] = listed->resource_version;
  }
  std::vector<CloudNode> nodes;
  nodes.reserve(listed->items.size());
  for (const Json& pod : listed->items)
    nodes.push_back(cloud_node_of(pod));
  explain(nodes, deadline);
  return nodes;
}

bool Pods::await_change(const ClusterName& cluster, Time deadline, std::stop_token stop) {
  std::string version;
  {
    const std::lock_guard lock(mutex_);
    version = listed_[cluster];
  }
  if (version.empty()) return false;
  const Result<Watched> watched = api_.watch(
      path(), pods_of(cluster), version, [](const WatchEvent&) { return false; }, deadline, stop);
  return watched.ok();
}

/// A volume or a sandbox that cannot be made shows in events alone. Who may not see them does
/// without.
void Pods::explain(std::vector<CloudNode>& nodes, Time deadline) {
  std::size_t asked = 0;
  for (CloudNode& node : nodes) {
    if (node.power != Power::kPending || !node.waits_for.empty()) continue;
    if (++asked > kExplained) return;
    const Result<ApiAnswer> events = api_.call(
        {.path = "/api/v1/namespaces/" + percent_encode(space_) + "/events",
         .query = {{"fieldSelector", "involvedObject.name=" + node.id.text}, {"limit", "50"}},
         .expected = {403, 404}},
        deadline);
    if (!events) return;
    node.waits_for = why_stuck(events->body);
  }
}

Result<std::vector<CloudNode>> Pods::create(const LaunchRequest& request, Time deadline) {
  std::vector<Made> all(request.nodes.size());
  std::atomic<bool> full = false;
  for_each_index(all.size(), kMadeAtOnce, [&](std::size_t at) {
    if (full) return;
    all[at] = make(request, request.nodes[at], deadline);
    if (!all[at].over_quota.empty()) full = true;
  });
  std::vector<CloudNode> nodes;
  std::optional<Error> error;
  std::string quota;
  for (Made& each : all) {
    if (each.node) nodes.push_back(*std::move(each.node));
    if (each.error && !error) error = std::move(each.error);
    if (quota.empty()) quota = std::move(each.over_quota);
  }
  if (error && (nodes.empty() || error->fault == Fault::kUnknown)) return *error;
  if (request.why_fewer != nullptr) *request.why_fewer = error ? error->message : quota;
  return nodes;
}

Pods::Made Pods::make(const LaunchRequest& request, const NodeName& node, Time deadline) {
  Json manifest = pod_manifest(request, node, space_);
  const std::string name = text_at(manifest, {"metadata", "name"});
  const ApiCall call{.method = "POST",
                     .path = path(),
                     .query = {{"fieldManager", kFieldManager}},
                     .body = std::move(manifest),
                     .expected = {403, 409},
                     .repeatable = true};
  Made made;
  const Result<ApiAnswer> answer = api_.call(call, deadline);
  if (!answer) {
    made.error = answer.error();
  } else if (answer->status / 100 == 2) {
    made.node = cloud_node_of(answer->body);
  } else if (over_quota(answer->failed)) {
    made.over_quota = answer->failed.message;
  } else if (already_exists(answer->failed)) {
    Result<CloudNode> own = find_own(name, request.token, deadline);
    if (own) {
      made.node = *std::move(own);
    } else {
      made.error = own.error();
    }
  } else {
    made.error = error_of(doing_of(call.method, call.path, {}), answer->failed, false);
  }
  return made;
}

Result<CloudNode> Pods::find_own(const std::string& name, const OpToken& token, Time deadline) {
  const Result<ApiAnswer> answer = api_.call({.path = path(name), .expected = {404}}, deadline);
  if (!answer) return answer.error();
  if (answer->status == 404) {
    return transient(ErrorCode::kProviderUnavailable, "pod " + name + " was there and is gone");
  }
  CloudNode node = cloud_node_of(answer->body);
  if (node.token == token) return node;
  return permanent(ErrorCode::kForeignMachine, "pod " + name + " is there already and not ours");
}

Result<> Pods::tag(const CloudId& id, const Tags& tags, Time deadline) {
  const Result<ApiAnswer> answer = api_.call({.method = "PATCH",
                                              .path = path(id.text),
                                              .query = {{"fieldManager", kFieldManager}},
                                              .body = {{"metadata", tags_as_metadata(tags, true)}},
                                              .content_type = kMergePatch,
                                              .expected = {404},
                                              .repeatable = true},
                                             deadline);
  if (!answer) return answer.error();
  if (answer->status == 404)
    return permanent(ErrorCode::kNoSuchNode, "pod " + id.text + " is gone");
  return {};
}

Result<> Pods::remove(const CloudId& id, Time deadline) {
  const Result<ApiAnswer> answer = api_.call(
      {.method = "DELETE", .path = path(id.text), .expected = {404}, .repeatable = true}, deadline);
  return answer ? Result<>() : Result<>(answer.error());
}

}  // namespace rayctl::kubernetes
