#include "providers/python/python_provider.h"

#include <algorithm>
#include <utility>

#include "model/json_text.h"
#include "providers/python/python_launch.h"

namespace rayctl::python {
namespace {

// A launch that took all its time is looked at all the same.
constexpr Millis kLook{15'000};

/// A machine as the host lists it; what its tags say is not read yet.
CloudNode read_node(const Json& listed) {
  CloudNode node;
  node.id = {text_in(listed, "id")};
  node.power = listed.value("running", false) ? Power::kRunning : Power::kPending;
  node.internal_ip = text_in(listed, "internal_ip");
  node.external_ip = text_in(listed, "external_ip");
  const Json tags = listed.value("tags", Json::object());
  for (const auto& [key, value] : tags.items()) {
    if (value.is_string()) node.tags[key] = value.get<std::string>();
  }
  return node;
}

bool of_cluster(const CloudNode& node, const ClusterName& cluster) {
  const auto name = node.tags.find(kTagClusterName);
  return name == node.tags.end() || name->second == cluster.text;
}

}  // namespace

PythonProvider::PythonProvider(std::shared_ptr<Bridge> bridge, std::unique_ptr<TagShelf> shelf,
                               std::string writer, std::vector<NodeTypeConfig> types, Clock& clock,
                               std::function<void(const std::string&)> warn)
    : bridge_(std::move(bridge)),
      shelf_(std::move(shelf)),
      tags_(*shelf_, std::move(writer), std::move(warn)),
      types_(std::move(types)),
      clock_(clock) {}

std::string PythonProvider::class_name(Time deadline) {
  const Result<ClassFacts> facts = bridge_->facts(deadline);
  return facts ? facts->name : "";
}

ClusterName PythonProvider::cluster_of(const CloudId& id) {
  const std::lock_guard guard(mutex_);
  const auto seen = seen_.find(id);
  return seen == seen_.end() ? last_ : seen->second;
}

Result<std::vector<CloudNode>> PythonProvider::list(const ClusterName& cluster, Time deadline) {
  {
    const std::lock_guard guard(mutex_);
    last_ = cluster;
  }
  Result<Json> answer = bridge_->ask("list", cluster, Json::object(), deadline);
  if (!answer) return answer.error();
  std::vector<CloudNode> nodes;
  const Json listed = answer->value("nodes", Json::array());
  for (const Json& each : listed) {
    if (each.value("terminated", false) && !each.value("running", false)) continue;
    nodes.push_back(read_node(each));
  }
  if (Result<> done = tags_.complete(nodes, class_name(deadline)); !done) return done.error();
  std::erase_if(nodes, [&](const CloudNode& node) { return !of_cluster(node, cluster); });
  const std::lock_guard guard(mutex_);
  for (CloudNode& node : nodes) {
    read_tags(node);
    seen_[node.id] = cluster;
  }
  return nodes;
}

Result<std::vector<CloudNode>> PythonProvider::create(const LaunchRequest& request, Time deadline) {
  const std::lock_guard one(launching_);
  const auto type = std::find_if(types_.begin(), types_.end(), [&](const NodeTypeConfig& each) {
    return each.name == request.spec->type;
  });
  PythonLaunch launch(
      *bridge_, tags_, clock_,
      [&] { return list(request.cluster, std::max(deadline, clock_.now() + kLook)); }, request,
      type == types_.end() ? nullptr : &*type, class_name(deadline), deadline, narrow_);
  return launch.run();
}

Result<> PythonProvider::set_tags(const CloudId& id, const Tags& tags, Time deadline) {
  const ClusterName cluster = cluster_of(id);
  HostAnswer answer =
      bridge_->call("set_tags", cluster, {{"node", id.text}, {"tags", tags}}, deadline);
  const bool kept = answer && answer.ok.value("kept", false);
  const Tags narrow = narrow_tags(tags);
  if (answer.failure && may_be_about_tags(*answer.failure) && narrow.size() < tags.size()) {
    const HostAnswer again =
        bridge_->call("set_tags", cluster, {{"node", id.text}, {"tags", narrow}}, deadline);
    if (again) answer.failure.reset();
  }
  if (answer) return tags_.given(id, tags, kept, class_name(deadline));
  if (answer.failure->kind != "unsupported") return bridge_->error(*answer.failure);
  Result<std::vector<CloudNode>> nodes = list(cluster, deadline);
  if (!nodes) return nodes.error();
  const bool there = std::any_of(nodes->begin(), nodes->end(),
                                 [&](const CloudNode& node) { return node.id == id; });
  if (!there) return permanent(ErrorCode::kNoSuchNode, "there is no machine " + id.text);
  return tags_.given(id, tags, false, class_name(deadline));
}

Result<> PythonProvider::terminate(const CloudId& id, Time deadline) {
  Result<Json> done = bridge_->ask("terminate", cluster_of(id), {{"node", id.text}}, deadline);
  if (!done) return done.error();
  return tags_.forget(id);
}

Result<std::vector<std::map<std::string, double>>> PythonProvider::machine_resources(
    const std::vector<Json>& node_configs, Time deadline) {
  std::vector<std::map<std::string, double>> offers(node_configs.size());
  const bool written = std::all_of(types_.begin(), types_.end(), [](const NodeTypeConfig& type) {
    return !type.resources.empty();
  });
  if (written) return offers;
  Result<ClassFacts> facts = bridge_->facts(deadline);
  if (!facts) return facts.error();
  if (!facts->own.contains("fillout_available_node_types_resources")) return offers;
  Result<Json> filled = bridge_->ask("fillout", cluster_of({}), Json::object(), deadline);
  if (!filled) return filled.error();
  const Json all = filled->value("resources", Json::object());
  for (std::size_t at = 0; at < node_configs.size(); ++at) {
    for (const NodeTypeConfig& type : types_) {
      if (type.node_config != node_configs[at] || !all.contains(type.name.text)) continue;
      for (const auto& [name, amount] : all[type.name.text].items()) {
        if (amount.is_number()) offers[at][name] = amount.get<double>();
      }
      break;
    }
  }
  return offers;
}

}  // namespace rayctl::python
