#include "tests/gcp_configs/fake_tpu.h"

#include <algorithm>

#include "providers/gcp/errors.h"
#include "providers/gcp/resource_url.h"

namespace rayctl::gcp {
namespace {

Reply<Json> refused(const std::string& id, ApiError error) {
  return {error_of(id, error), std::move(error)};
}

Reply<Json> not_found(const Call& call) {
  return refused(call.id, {404, "NOT_FOUND", "Resource '" + call.path + "' was not found"});
}

std::string path_of(const std::string& zone, const std::string& name) {
  return "projects/lab/locations/" + zone + "/nodes/" + name;
}

}  // namespace

Json& FakeTpu::add(const std::string& zone, const std::string& name, const std::string& state,
                   std::map<std::string, std::string> labels) {
  const std::string path = path_of(zone, name);
  nodes[path] = {{"name", path},
                 {"state", state},
                 {"acceleratorType", "v2-8"},
                 {"runtimeVersion", "tpu-ubuntu2204-base"},
                 {"labels", std::move(labels)},
                 {"networkEndpoints",
                  {{{"ipAddress", "10.0.0.7"},
                    {"port", 8470},
                    {"accessConfig", {{"externalIp", "34.0.0.7"}}}}}}};
  return nodes[path];
}

Json* FakeTpu::find(const std::string& zone, const std::string& name) {
  const auto found = nodes.find(path_of(zone, name));
  return found == nodes.end() ? nullptr : &found->second;
}

int FakeTpu::calls(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(made_.begin(), made_.end(), [&](const Call& call) {
    return call.id == "tpu.projects.locations." + id;
  }));
}

std::vector<Call> FakeTpu::made() const {
  const std::lock_guard lock(mutex_);
  return made_;
}

Reply<Json> FakeTpu::call(const Call& call, Time) {
  const std::lock_guard lock(mutex_);
  made_.push_back(call);
  if (const auto next = refuse.find(call.id); next != refuse.end() && !next->second.empty()) {
    const ApiError error = next->second.front();
    next->second.pop_front();
    return refused(call.id, error);
  }
  return act(call);
}

Reply<Json> FakeTpu::act(const Call& call) {
  if (call.service != Service::kTpu) return not_found(call);
  const std::string zone = part_after(call.path, "locations", "");
  if (without.contains(zone)) return not_found(call);
  if (call.path.find("/operations/") != std::string::npos) return operation(call.path);
  if (call.path.ends_with("/nodes"))
    return call.verb == "GET" ? list(call, zone) : create(call, zone);
  const auto node = nodes.find(call.path.substr(0, call.path.find(':')));
  if (node == nodes.end()) return not_found(call);
  if (call.verb == "GET") return {node->second, {}};
  return change(call);
}

Reply<Json> FakeTpu::list(const Call& call, const std::string& zone) const {
  Json answer = Json::object();
  if (unreachable.contains(zone)) answer["unreachable"] = {"locations/" + zone};
  const auto token = call.query.find("pageToken");
  std::size_t at = token == call.query.end() ? 0 : std::stoul(token->second);
  const std::size_t end = at + page;
  std::size_t number = 0;
  for (const auto& [path, node] : nodes) {
    if (part_after(path, "locations", "") != zone) continue;
    if (number >= at && number < end) answer["nodes"].push_back(node);
    ++number;
  }
  if (number > end) answer["nextPageToken"] = std::to_string(end);
  return {std::move(answer), {}};
}

Reply<Json> FakeTpu::create(const Call& call, const std::string& zone) {
  const std::string& name = call.query.at("nodeId");
  if (find(zone, name) != nullptr)
    return refused(call.id, {409, "ALREADY_EXISTS", "Resource '" + name + "' already exists"});
  Json& node = add(zone, name, "CREATING", {});
  node.update(call.body);
  return {begin(call.id, path_of(zone, name)), {}};
}

Reply<Json> FakeTpu::change(const Call& call) {
  const std::string path = call.path.substr(0, call.path.find(':'));
  if (call.verb == "PATCH" && call.query.at("updateMask") == "labels")
    nodes[path]["labels"] = call.body.at("labels");
  if (call.verb == "DELETE") nodes[path]["state"] = "DELETING";
  return {begin(call.id, path), {}};
}

Json FakeTpu::begin(const std::string& call, const std::string& node) {
  const std::string name = node.substr(0, node.find("/nodes/")) + "/operations/operation-" +
                           std::to_string(operations_.size() + 1);
  operations_[name] = {call, node, polls};
  return {{"name", name}, {"done", false}, {"metadata", {{"target", node}}}};
}

void FakeTpu::finish(const Begun& begun) {
  if (ends.contains(begun.call)) return;
  if (begun.call.ends_with("delete")) nodes.erase(begun.node);
  if (begun.call.ends_with("create") || begun.call.ends_with("start"))
    nodes[begun.node]["state"] = "READY";
  if (begun.call.ends_with("stop")) nodes[begun.node]["state"] = "STOPPED";
}

Reply<Json> FakeTpu::operation(const std::string& name) {
  Begun& begun = operations_.at(name);
  if (--begun.left > 0) return {Json{{"name", name}, {"done", false}}, {}};
  finish(begun);
  Json answer = {{"name", name}, {"done", true}};
  if (const auto end = ends.find(begun.call); end != ends.end()) {
    answer["error"] = end->second;
  } else {
    answer["response"] = Json::object();
  }
  return {std::move(answer), {}};
}

}  // namespace rayctl::gcp
