#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/resource.h"
#include "providers/kubernetes/api.h"
#include "providers/provider.h"

namespace rayctl::kubernetes {

struct ObjectsSettings {
  std::string space;                 ///< the namespace
  std::vector<ResourceSpec> wanted;  ///< wanted_objects()
  std::vector<Diagnostic> mistakes;  ///< of the config; with one, nothing is made
  bool in_cluster = false;           ///< what is recorded is not looked at
};

/// What a cluster has in its namespace beside pods, and the namespace. What carries the cluster's
/// id as a label is ours: it is kept as the file says by server-side apply, which never takes a
/// field from another manager, and removed by `down`. What was there before is used as it is and
/// never written. Thread-safe.
class Objects {
 public:
  /// `api` and `clock` outlive it.
  Objects(Api& api, Clock& clock, ObjectsSettings settings)
      : api_(api), clock_(clock), settings_(std::move(settings)) {}

  Result<SeenResources> list(const ResourceScope& scope, Time deadline);
  Result<SeenResource> make(const ResourceScope& scope, const ResourceSpec& spec, Time deadline);
  /// kTransient, with what holds it, for an object that was deleted and is still there.
  Result<> remove(const ResourceScope& scope, const ResourceName& name, Time deadline);

 private:
  struct Look;
  Result<Look> look(const ResourceScope& scope, const ResourceSpec& spec, Time deadline);
  Result<Look> unseen(const ResourceScope& scope, const ResourceSpec& spec,
                      const ApiStatus& refusal) const;
  Result<> compare(const ResourceScope& scope, const ResourceSpec& spec, const Json& live,
                   Look& found, Time deadline);
  Result<ApiAnswer> apply(const ResourceScope& scope, const ResourceSpec& spec, bool dry,
                          Time deadline);
  Result<std::string> id_of(const ResourceSpec& spec, const Json& live, Time deadline);
  Result<> wait_until_gone(const std::string& path, const std::string& what, Time deadline);

  Api& api_;
  Clock& clock_;
  const ObjectsSettings settings_;
};

/// A manifest with the cluster's id on it: as it is applied. Pure.
Json labelled(const Json& manifest, const ResourceScope& scope);
/// Whether an apply changed nothing: `after` is what it gave (or would give), `before` what was
/// there. Pure.
bool same_object(Json before, Json after);

}  // namespace rayctl::kubernetes
