#include "providers/kubernetes/space_content.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "model/tags.h"
#include "net/url_text.h"
#include "providers/kubernetes/find_in.h"

namespace rayctl::kubernetes {
namespace {

constexpr std::size_t kAtOnce = 16;

/// A kind of objects that are in namespaces.
struct Kind {
  std::string base;    ///< "/api/v1", "/apis/apps/v1"
  std::string plural;  ///< "configmaps"
};

/// What tells of others' doings, or shows again what other kinds hold.
bool is_shadow(const Kind& kind) {
  return kind.plural == "events" || kind.plural == "endpoints" || kind.plural == "endpointslices" ||
         kind.base.starts_with("/apis/metrics.k8s.io/");
}

void read_kinds(const std::string& base, const Json& body, std::vector<Kind>& kinds) {
  for (const Json& each : list_at(body, {"resources"})) {
    const Json& verbs = list_at(each, {"verbs"});
    const bool listed = std::find(verbs.begin(), verbs.end(), Json("list")) != verbs.end();
    const Json* spaced = find_in(each, {"namespaced"});
    const Kind kind{base, text_at(each, {"name"})};
    if (listed && spaced != nullptr && *spaced == Json(true) && !is_shadow(kind))
      kinds.push_back(kind);
  }
}

Result<std::vector<Kind>> kinds_of(Api& api, Time deadline) {
  const Result<ApiAnswer> groups = api.call({.path = "/apis"}, deadline);
  if (!groups) return groups.error();
  std::vector<std::string> bases = {"/api/v1"};
  for (const Json& group : list_at(groups->body, {"groups"}))
    bases.push_back("/apis/" + text_at(group, {"preferredVersion", "groupVersion"}));
  std::vector<std::optional<Result<ApiAnswer>>> answers(bases.size());
  for_each_index(bases.size(), kAtOnce,
                 [&](std::size_t at) { answers[at] = api.call({.path = bases[at]}, deadline); });
  std::vector<Kind> kinds;
  for (std::size_t at = 0; at < bases.size(); ++at) {
    if (!*answers[at]) return answers[at]->error();
    read_kinds(bases[at], (*answers[at])->body, kinds);
  }
  return kinds;
}

/// In every namespace, made by Kubernetes itself.
bool is_usual(const Kind& kind, const Json& object) {
  const std::string name = text_at(object, {"metadata", "name"});
  if (kind.plural == "serviceaccounts") return name == "default";
  if (kind.plural == "configmaps") return name == "kube-root-ca.crt";
  return kind.plural == "secrets" &&
         text_at(object, {"type"}) == "kubernetes.io/service-account-token";
}

bool is_foreign(const Kind& kind, const Json& object, const ClusterId& cluster) {
  const bool goes = find_in(object, {"metadata", "deletionTimestamp"}) != nullptr;
  const bool owned = !list_at(object, {"metadata", "ownerReferences"}).empty();
  const bool ours = text_at(object, {"metadata", "labels", kTagClusterId}) == cluster.text;
  return !goes && !owned && !ours && !is_usual(kind, object);
}

}  // namespace

Result<std::string> foreign_object_in(Api& api, const std::string& space, const ClusterId& cluster,
                                      Time deadline) {
  const Result<std::vector<Kind>> kinds = kinds_of(api, deadline);
  if (!kinds) return kinds.error();
  std::vector<Result<std::string>> found(kinds->size(), Result<std::string>(std::string()));
  for_each_index(kinds->size(), kAtOnce, [&](std::size_t at) {
    const Kind& kind = (*kinds)[at];
    const Result<ApiAnswer> all =
        api.call({.path = kind.base + "/namespaces/" + percent_encode(space) + "/" + kind.plural,
                  .query = {{"limit", "500"}},
                  .expected = {403, 404, 405}},
                 deadline);
    if (!all) {
      found[at] = all.error();
    } else if (all->status == 403) {
      found[at] = kind.plural + " that may not be listed";
    } else {
      for (const Json& object : list_at(all->body, {"items"})) {
        if (is_foreign(kind, object, cluster))
          found[at] = kind.plural + " " + text_at(object, {"metadata", "name"});
      }
    }
  });
  for (Result<std::string>& each : found) {
    if (!each || !each->empty()) return std::move(each);
  }
  return std::string();
}

Result<> disown(Api& api, const std::string& path, Time deadline) {
  const Result<ApiAnswer> answer = api.call(
      {.method = "PATCH",
       .path = path,
       .body = {{"metadata", {{"labels", {{kTagClusterId, nullptr}, {kTagClusterName, nullptr}}}}}},
       .content_type = kMergePatch,
       .expected = {404},
       .repeatable = true},
      deadline);
  return answer ? Result<>() : Result<>(answer.error());
}

}  // namespace rayctl::kubernetes
