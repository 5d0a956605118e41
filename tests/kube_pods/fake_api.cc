#include "tests/kube_pods/fake_api.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "providers/kubernetes/find_in.h"

namespace rayctl::kubernetes {
namespace {

std::string value_of(const Query& query, const std::string& key) {
  for (const auto& [name, value] : query) {
    if (name == key) return value;
  }
  return "";
}

ApiAnswer failed(int code, const std::string& reason, const std::string& message) {
  ApiAnswer answer;
  answer.status = code;
  answer.failed = {.code = code, .reason = reason, .message = message, .causes = {}, .given = true};
  return answer;
}

ApiAnswer done(Json body, int status = 200) {
  ApiAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

ApiAnswer not_found(const std::string& path) {
  return failed(404, "NotFound", path + " not found");
}

bool selected(const Json& object, const std::string& selector) {
  if (selector.empty()) return true;
  const std::vector<std::string> parts = split(selector, '=');
  return text_at(object, {"metadata", "labels", parts.front().c_str()}) == parts.back();
}

}  // namespace

FakeApi::FakeApi() {
  target_.cluster.server = "https://fake";
  target_.context = "fake";
  put("/api/v1/namespaces/kube-system", Json::object());
}

Json FakeApi::stored(const std::string& path, Json object) {
  Json& metadata = object["metadata"];
  const auto before = objects_.find(path);
  if (!metadata.contains("uid")) metadata["uid"] = "uid-" + std::to_string(++number_);
  if (before == objects_.end() || !(before->second == object))
    metadata["resourceVersion"] = std::to_string(++number_);
  return objects_[path] = std::move(object);
}

void FakeApi::put(const std::string& path, Json object) {
  const std::lock_guard lock(mutex_);
  object["metadata"]["name"] = path.substr(path.rfind('/') + 1);
  stored(path, std::move(object));
}

Json FakeApi::at(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(path);
  return found == objects_.end() ? Json() : found->second;
}

std::vector<std::string> FakeApi::paths() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [path, object] : objects_) {
    if (path != "/api/v1/namespaces/kube-system") all.push_back(path);
  }
  return all;
}

int FakeApi::calls(const std::string& method) {
  const std::lock_guard lock(mutex_);
  return std::exchange(calls_[method], 0);
}

Result<ApiAnswer> FakeApi::call(const ApiCall& call, Time) {
  const std::lock_guard lock(mutex_);
  ++calls_[call.method];
  const std::string doing = doing_of(call.method, call.path, call.query);
  ApiAnswer said;
  const bool refused = std::any_of(denied.begin(), denied.end(), [&](const std::string& right) {
    return doing.starts_with(right);
  });
  if (refused) {
    said = failed(403, "Forbidden", "User \"me\" cannot " + doing);
  } else {
    said = answer(call);
    if (call.method != "GET" && after_effect) {
      Error lost = *std::exchange(after_effect, std::nullopt);
      return lost;
    }
  }
  const auto& expected = call.expected;
  if (said.status / 100 == 2) return said;
  if (std::find(expected.begin(), expected.end(), said.status) != expected.end()) return said;
  return error_of(doing, said.failed, call.repeatable || call.method == "GET");
}

ApiAnswer FakeApi::answer(const ApiCall& call) {
  if (call.method == "POST") return create(call);
  if (call.method == "PATCH") return patch(call);
  if (call.method == "DELETE") return remove(call);
  if (Json found = discover(call.path); !found.is_null()) return done(std::move(found));
  if (const auto found = objects_.find(call.path); found != objects_.end())
    return done(found->second);
  const std::string last = call.path.substr(call.path.rfind('/') + 1);
  const bool collection = last == "pods" || last == "configmaps" || last == "serviceaccounts" ||
                          last == "services" || last == "roles" || last == "rolebindings";
  if (collection) return done({{"items", items(call.path, call.query)}});
  return not_found(call.path);
}

Json FakeApi::discover(const std::string& path) const {
  const auto kind = [](const char* name) {
    return Json{{"name", name}, {"namespaced", true}, {"verbs", {"list"}}};
  };
  if (path == "/apis") {
    return {
        {"groups", {{{"preferredVersion", {{"groupVersion", "rbac.authorization.k8s.io/v1"}}}}}}};
  }
  if (path == "/api/v1")
    return {{"resources",
             {kind("pods"), kind("configmaps"), kind("serviceaccounts"), kind("services")}}};
  if (path == "/apis/rbac.authorization.k8s.io/v1")
    return {{"resources", {kind("roles"), kind("rolebindings")}}};
  return nullptr;
}

ApiAnswer FakeApi::create(const ApiCall& call) {
  const std::string name = text_at(call.body, {"metadata", "name"});
  const std::string path = call.path + "/" + name;
  if (objects_.contains(path)) return failed(409, "AlreadyExists", name + " already exists");
  const auto pods = static_cast<int>(items(call.path, {}).size());
  if (call.path.ends_with("/pods") && pods >= most_pods) {
    return failed(403, "Forbidden",
                  "pods \"" + name + "\" is forbidden: exceeded quota: few, limited: pods=" +
                      std::to_string(most_pods));
  }
  Json object = call.body;
  if (call.path.ends_with("/pods")) {
    object["status"] = {{"phase", "Pending"}};
    if (pods_run) {
      Json statuses = Json::array();
      for (const Json& each : list_at(object, {"spec", "containers"}))
        statuses.push_back({{"name", each["name"]}, {"state", {{"running", Json::object()}}}});
      object["status"] = {{"phase", "Running"},
                          {"podIP", "10.0.0." + std::to_string(++number_)},
                          {"containerStatuses", std::move(statuses)}};
    }
  }
  return done(stored(path, std::move(object)), 201);
}

ApiAnswer FakeApi::patch(const ApiCall& call) {
  const auto before = objects_.find(call.path);
  const bool apply = call.content_type == kApplyPatch;
  if (before == objects_.end() && !apply) return not_found(call.path);
  if (apply && held.contains(call.path)) {
    return failed(409, "Conflict",
                  "Apply failed with 1 conflict: conflict with \"argocd-controller\": .spec.ports");
  }
  Json object = before == objects_.end() ? Json::object() : before->second;
  object.merge_patch(call.body);
  if (value_of(call.query, "dryRun") == "All") return done(std::move(object));
  return done(stored(call.path, std::move(object)));
}

ApiAnswer FakeApi::remove(const ApiCall& call) {
  const auto found = objects_.find(call.path);
  if (found == objects_.end()) return not_found(call.path);
  const std::string uid = text_at(call.body, {"preconditions", "uid"});
  if (!uid.empty() && uid != text_at(found->second, {"metadata", "uid"}))
    return failed(409, "Conflict", "the UID in the precondition is another one");
  if (!list_at(found->second, {"metadata", "finalizers"}).empty()) {
    found->second["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    return done(found->second);
  }
  objects_.erase(found);
  return done(Json::object());
}

std::vector<Json> FakeApi::items(const std::string& path, const Query& query) const {
  std::vector<Json> all;
  for (const auto& [at, object] : objects_) {
    const bool inside = at.starts_with(path + "/") && at.find('/', path.size() + 1) == at.npos;
    if (inside && selected(object, value_of(query, "labelSelector"))) all.push_back(object);
  }
  return all;
}

Result<ApiList> FakeApi::list(const std::string& path, const Query& query, Time deadline) {
  const Result<ApiAnswer> answered = call({.path = path, .query = query}, deadline);
  if (!answered) return answered.error();
  ApiList all;
  all.resource_version = std::to_string(number_);
  for (const Json& item : list_at(answered->body, {"items"}))
    all.items.push_back(item);
  return all;
}

std::string FakeApi::version() {
  const std::lock_guard lock(mutex_);
  return std::to_string(number_);
}

Result<Watched> FakeApi::watch(const std::string& path, const Query& query,
                               const std::string& resource_version,
                               const std::function<bool(const WatchEvent&)>&, Time,
                               std::stop_token) {
  watches.push_back(target_of(path, query) + " from " + resource_version);
  return watched;
}

Result<ApiSocket> FakeApi::open(const ApiCall&, const std::string&, Time) {
  return permanent(ErrorCode::kNotSupported, "the fake opens no sockets");
}

}  // namespace rayctl::kubernetes
