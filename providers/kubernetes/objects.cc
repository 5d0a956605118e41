#include "providers/kubernetes/objects.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/parallel.h"
#include "base/text.h"
#include "model/tags.h"
#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/pod_view.h"
#include "providers/kubernetes/pods.h"
#include "providers/kubernetes/space_content.h"
#include "providers/kubernetes/wanted_objects.h"

namespace rayctl::kubernetes {
namespace {

constexpr Millis kFirstLook{100}, kMostPause{2'000};

std::string kind_title(const ResourceSpec& spec) {
  const bool service = spec.name.text.starts_with(kServiceResource);
  return (service ? "service" : spec.name.text) + " " + spec.title;
}

std::optional<ClusterId> cluster_of(const Json& object) {
  const std::string id = text_at(object, {"metadata", "labels", kTagClusterId});
  return id.empty() ? std::nullopt : std::optional(ClusterId{id});
}

/// The part of a namespace's id that says which Kubernetes it is in.
std::string identity_in(const std::string& id) {
  return id.substr(0, id.find('/'));
}

}  // namespace

/// What one look at an object said.
struct Objects::Look {
  SeenResource seen;  ///< without an id if it is not there
  std::vector<Diagnostic> blocked;
  std::string note;
};

Json labelled(const Json& manifest, const ResourceScope& scope) {
  Json result = manifest;
  Json& labels = result["metadata"]["labels"];
  if (!labels.is_object()) labels = Json::object();
  labels[kTagClusterId] = scope.cluster_id.text;
  labels[kTagClusterName] = scope.cluster.text;
  return result;
}

bool same_object(Json before, Json after) {
  for (Json* each : {&before, &after}) {
    each->erase("status");
    if (each->contains("metadata")) {
      for (const char* key : {"managedFields", "resourceVersion", "generation"})
        (*each)["metadata"].erase(key);
    }
  }
  return before == after;
}

Result<SeenResources> Objects::list(const ResourceScope& scope, Time deadline) {
  SeenResources result;
  result.wanted = settings_.wanted;
  result.blocked = settings_.mistakes;
  std::vector<std::optional<Result<Look>>> looks(result.wanted.size());
  for_each_index(looks.size(), looks.size(),
                 [&](std::size_t at) { looks[at] = look(scope, result.wanted[at], deadline); });
  for (const std::optional<Result<Look>>& each : looks) {
    if (!*each) return each->error();
    const Look& found = **each;
    result.blocked.insert(result.blocked.end(), found.blocked.begin(), found.blocked.end());
    if (!found.note.empty()) result.notes.push_back(found.note);
    if (!found.seen.id.empty()) result.seen.push_back(found.seen);
  }
  for (const auto& [name, record] : scope.known) {
    const bool wanted = std::any_of(result.wanted.begin(), result.wanted.end(),
                                    [&](const ResourceSpec& spec) { return spec.name == name; });
    if (wanted) continue;
    SeenResource recorded{name, record.title, record.id, std::nullopt, ""};
    if (record.ours) recorded.cluster = scope.cluster_id;
    result.seen.push_back(std::move(recorded));
  }
  return result;
}

Result<Objects::Look> Objects::look(const ResourceScope& scope, const ResourceSpec& spec,
                                    Time deadline) {
  const auto record = scope.known.find(spec.name);
  if (settings_.in_cluster && record != scope.known.end()) return unseen(scope, spec, {});
  const std::string path = object_path(spec.name, spec.title, settings_.space);
  const Result<ApiAnswer> answer = api_.call({.path = path, .expected = {403, 404}}, deadline);
  if (!answer) return answer.error();
  Look found;
  found.seen = {spec.name, spec.title, "", std::nullopt, ""};
  if (answer->status == 404) return found;
  if (answer->status == 403) return unseen(scope, spec, answer->failed);
  Result<std::string> id = id_of(spec, answer->body, deadline);
  if (!id) return id.error();
  found.seen.id = *std::move(id);
  found.seen.cluster = cluster_of(answer->body);
  const bool ours = found.seen.cluster && *found.seen.cluster == scope.cluster_id;
  if (!ours && record == scope.known.end()) {
    found.note = "the " + kind_title(spec) + " is there already" +
                 (found.seen.cluster ? ", of another cluster" : "") +
                 ": it is used as it is, and `down` leaves it";
  }
  if (spec.name.text == kNamespaceResource && record != scope.known.end() &&
      identity_in(record->second.id) != identity_in(found.seen.id)) {
    found.blocked.push_back(
        {.summary = "this is another Kubernetes than the one that cluster " + scope.cluster.text +
                    " is in (" + api_.target().cluster.server + ", context `" +
                    api_.target().context + "`)",
         .remedy = "give --context, or set KUBECONFIG, for the one that it was made in",
         .code = ErrorCode::kPlanNeedsDecision});
  } else if (ours && settings_.mistakes.empty()) {
    const Result<> compared = compare(scope, spec, answer->body, found, deadline);
    if (!compared) return compared.error();
  }
  return found;
}

/// We may not look at it: what is recorded counts, and a namespace is where pods can be asked for.
Result<Objects::Look> Objects::unseen(const ResourceScope& scope, const ResourceSpec& spec,
                                      const ApiStatus& refusal) const {
  Look found;
  const auto record = scope.known.find(spec.name);
  if (record != scope.known.end()) {
    found.seen = {spec.name, record->second.title, record->second.id, std::nullopt, ""};
    if (record->second.ours) found.seen.cluster = scope.cluster_id;
    return found;
  }
  if (spec.name.text == kNamespaceResource) {
    found.seen = {spec.name, spec.title, spec.title, std::nullopt, ""};
    found.note = "the namespace " + spec.title + " is taken as there: " + refusal.message;
    return found;
  }
  return error_of("looking at the " + kind_title(spec), refusal, true);
}

Result<> Objects::compare(const ResourceScope& scope, const ResourceSpec& spec, const Json& live,
                          Look& found, Time deadline) {
  const Result<ApiAnswer> would = apply(scope, spec, true, deadline);
  if (!would) return would.error();
  if (would->status == 409) {
    found.blocked.push_back(
        {.summary = "the " + kind_title(spec) +
                    " cannot be made as the file says: " + would->failed.message,
         .remedy = "let the file say what the other one says, or leave out "
                   "the fields that are not rayctl's to set",
         .code = ErrorCode::kPlanNeedsDecision});
  } else if (!same_object(live, would->body)) {
    found.seen.differs = "the " + kind_title(spec) + " is not as the file says";
  }
  return {};
}

Result<ApiAnswer> Objects::apply(const ResourceScope& scope, const ResourceSpec& spec, bool dry,
                                 Time deadline) {
  ApiCall call{.method = "PATCH",
               .path = object_path(spec.name, spec.title, settings_.space),
               .query = {{"fieldManager", kFieldManager}, {"force", "false"}},
               .body = labelled(spec.want, scope),
               .content_type = kApplyPatch,
               .expected = {409},
               .repeatable = true};
  if (dry) call.query.emplace_back("dryRun", "All");
  return api_.call(call, deadline);
}

/// Of a namespace: with what tells one Kubernetes from another.
Result<std::string> Objects::id_of(const ResourceSpec& spec, const Json& live, Time deadline) {
  const std::string uid = text_at(live, {"metadata", "uid"});
  if (spec.name.text != kNamespaceResource) return uid;
  const Result<ApiAnswer> system =
      api_.call({.path = "/api/v1/namespaces/kube-system", .expected = {403, 404}}, deadline);
  if (!system) return system.error();
  std::string identity = text_at(system->body, {"metadata", "uid"});
  if (identity.empty()) identity = short_digest(api_.target().cluster.ca);
  return identity + "/" + uid;
}

Result<SeenResource> Objects::make(const ResourceScope& scope, const ResourceSpec& spec,
                                   Time deadline) {
  if (scope.cluster_id.empty())
    return permanent(ErrorCode::kInternal, "an object cannot be made without a cluster id");
  Result<Look> before = look(scope, spec, deadline);
  if (!before) return before.error();
  const bool there = !before->seen.id.empty();
  if (there && before->seen.cluster != scope.cluster_id) return std::move(before->seen);
  const Result<ApiAnswer> made = apply(scope, spec, false, deadline);
  if (!made) return made.error();
  if (made->status == 409) return error_of("making the " + kind_title(spec), made->failed, false);
  Result<std::string> id = id_of(spec, made->body, deadline);
  if (!id) return id.error();
  return SeenResource{spec.name, spec.title, *std::move(id), cluster_of(made->body), ""};
}

Result<> Objects::remove(const ResourceScope& scope, const ResourceName& name, Time deadline) {
  const auto record = scope.known.find(name);
  std::string title = record == scope.known.end() ? "" : record->second.title;
  for (const ResourceSpec& spec : settings_.wanted) {
    if (title.empty() && spec.name == name) title = spec.title;
  }
  const std::string path = object_path(name, title, settings_.space);
  if (path.empty() || title.empty()) return {};
  const Result<ApiAnswer> live = api_.call({.path = path, .expected = {404}}, deadline);
  if (!live) return live.error();
  if (live->status == 404 || cluster_of(live->body) != scope.cluster_id) return {};
  const std::string what = kind_title({.name = name, .title = title});
  const bool going = find_in(live->body, {"metadata", "deletionTimestamp"}) != nullptr;
  if (name.text == kNamespaceResource && !going) {
    const Result<std::string> others = foreign_object_in(api_, title, scope.cluster_id, deadline);
    if (!others) return others.error();
    if (!others->empty()) return disown(api_, path, deadline);
  }
  if (!going) {
    const Result<ApiAnswer> deleted =
        api_.call({.method = "DELETE",
                   .path = path,
                   .body = {{"preconditions", {{"uid", text_at(live->body, {"metadata", "uid"})}}}},
                   .expected = {404, 409},
                   .repeatable = true},
                  deadline);
    if (!deleted) return deleted.error();
    if (deleted->status == 409) {
      return transient(ErrorCode::kProviderUnavailable, "the " + what + " is another one now");
    }
  }
  return wait_until_gone(path, what, deadline);
}

Result<> Objects::wait_until_gone(const std::string& path, const std::string& what, Time deadline) {
  for (Millis pause = kFirstLook;; pause = std::min(pause * 2, kMostPause)) {
    const Result<ApiAnswer> left = api_.call({.path = path, .expected = {404}}, deadline);
    if (!left) return left.error();
    if (left->status == 404) return {};
    if (clock_.now() + pause >= deadline || !clock_.sleep(pause, {})) {
      std::string holder = what_holds(left->body);
      for (const Json& each : list_at(left->body, {"status", "conditions"})) {
        const bool holds = text_at(each, {"status"}) == "True";
        if (holds && holder.empty()) holder = text_at(each, {"message"});
      }
      return transient(ErrorCode::kProviderUnavailable, "the " + what +
                                                            " was deleted and is still there" +
                                                            (holder.empty() ? "" : ": " + holder));
    }
  }
}

}  // namespace rayctl::kubernetes
