#include "providers/gcp/tpu_nodes.h"

#include <iterator>

#include "base/parallel.h"
#include "net/url_text.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kZonesAtOnce = 4;
constexpr char kPage[] = "1000";  // the most that a list gives

Error no_such_node(const CloudId& id) {
  return permanent(ErrorCode::kProviderRefused, "there is no TPU " + id.text);
}

}  // namespace

std::string TpuNodes::path_of(const std::string& zone, const std::string& name) const {
  return "projects/" + percent_encode(place_.project) + "/locations/" + percent_encode(zone) +
         "/nodes" + (name.empty() ? "" : "/" + percent_encode(name));
}

void TpuNodes::remember(const TpuNode& node) {
  const std::lock_guard lock(mutex_);
  zones_[node.node.id.text] = node.zone;
}

std::shared_ptr<std::mutex> TpuNodes::labels_of(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<std::mutex>& found = labels_[name];
  if (!found) found = std::make_shared<std::mutex>();
  return found;
}

Reply<std::vector<TpuNode>> TpuNodes::list_zone(const ClusterName& cluster, const std::string& zone,
                                                Time deadline) {
  std::vector<TpuNode> seen;
  Call list = tpu_call("list", "GET", path_of(zone, ""));
  list.query["pageSize"] = kPage;
  for (;;) {
    const Reply<Json> answer = api_.call(list, deadline);
    if (!answer && answer.api.status == 404) break;  // a zone without TPUs
    if (!answer)
      return {in_context(answer.value.error(), "listing the TPUs in " + zone), answer.api};
    if (says(*answer, "unreachable")) {
      return {transient(ErrorCode::kProviderUnavailable,
                        "the TPUs in " + zone + " could not be listed"),
              {}};
    }
    for (const Json& json : answer->value("nodes", Json::array())) {
      TpuNode node = parse_tpu_node(json);
      const auto tag = node.node.tags.find(kTagClusterName);
      if (tag == node.node.tags.end() || tag->second != cluster.text) continue;
      if (node.zone.empty()) node.zone = zone;
      remember(node);
      seen.push_back(std::move(node));
    }
    std::string next = answer->value("nextPageToken", "");
    if (next.empty()) break;
    list.query["pageToken"] = std::move(next);
  }
  return {std::move(seen), {}};
}

Reply<std::vector<TpuNode>> TpuNodes::list(const ClusterName& cluster, Time deadline) {
  std::vector<Reply<std::vector<TpuNode>>> parts(place_.zones.size(), {std::vector<TpuNode>{}, {}});
  for_each_index(parts.size(), kZonesAtOnce, [&](std::size_t at) {
    parts[at] = list_zone(cluster, place_.zones[at], deadline);
  });
  std::vector<TpuNode> all;
  for (Reply<std::vector<TpuNode>>& part : parts) {
    if (!part) return part;
    all.insert(all.end(), std::make_move_iterator(part.value->begin()),
               std::make_move_iterator(part.value->end()));
  }
  return {std::move(all), {}};
}

Reply<TpuNode> TpuNodes::get(const std::string& zone, const std::string& name, Time deadline) {
  const Reply<Json> answer = api_.call(tpu_call("get", "GET", path_of(zone, name)), deadline);
  if (!answer) return {answer.value.error(), answer.api};
  TpuNode node = parse_tpu_node(*answer);
  if (node.zone.empty()) node.zone = zone;
  remember(node);
  return {std::move(node), {}};
}

Reply<std::optional<TpuNode>> TpuNodes::find(const CloudId& id, Time deadline) {
  std::vector<std::string> zones = place_.zones;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = zones_.find(id.text); known != zones_.end()) zones = {known->second};
  }
  for (const std::string& zone : zones) {
    Reply<TpuNode> node = get(zone, id.text, deadline);
    if (node) return {std::optional(*std::move(node.value)), {}};
    if (node.api.status != 404) return {node.value.error(), node.api};
  }
  return {std::optional<TpuNode>(), {}};
}

Result<> TpuNodes::run(const Call& call, Time deadline) {
  const Reply<TpuOperation> begun = begin_tpu_operation(api_, clock_, call, deadline);
  if (!begun) return begun.value.error();
  const Reply<TpuOperation> ended = wait_for_tpu(api_, clock_, call.id, *begun.value, deadline);
  if (!ended) return ended.value.error();
  return {};
}

Result<> TpuNodes::set_tags(const CloudId& id, const Tags& set,
                            const std::vector<std::string>& remove, Time deadline) {
  const std::shared_ptr<std::mutex> labels = labels_of(id.text);
  const std::lock_guard lock(*labels);
  Reply<std::optional<TpuNode>> node = find(id, deadline);
  if (!node) return node.value.error();
  if (!*node) return no_such_node(id);
  Labels changed = (**node).labels;
  change_labels(changed, set, remove);
  if (changed == (**node).labels) return {};
  Call patch = tpu_call("patch", "PATCH", path_of((**node).zone, id.text));
  patch.query["updateMask"] = "labels";
  patch.body = {{"labels", changed}};
  return run(patch, deadline);
}

Result<> TpuNodes::terminate(const CloudId& id, Time deadline) {
  const Reply<std::optional<TpuNode>> node = find(id, deadline);
  if (!node) return node.value.error();
  if (!*node || (**node).node.power == Power::kGone) return {};
  const Call call = tpu_call("delete", "DELETE", path_of((**node).zone, id.text));
  const Reply<TpuOperation> begun = begin_tpu_operation(api_, clock_, call, deadline);
  if (!begun && begun.api.status != 404) return begun.value.error();
  return {};
}

}  // namespace rayctl::gcp
