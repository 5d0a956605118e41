#pragma once
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/observed.h"
#include "model/tags.h"
#include "providers/kubernetes/api.h"
#include "providers/provider.h"

namespace rayctl::kubernetes {

/// What our changes to objects are recorded under, and what fields are ours by.
inline constexpr char kFieldManager[] = "rayctl";

/// The pods of a namespace that are nodes of Ray clusters. Thread-safe.
class Pods {
 public:
  /// `api` outlives it.
  Pods(Api& api, std::string space) : api_(api), space_(std::move(space)) {}

  /// Fails as Api::call does; of a namespace that is not there, there are none.
  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline);
  /// Provider::await_change, by a watch.
  bool await_change(const ClusterName& cluster, Time deadline, std::stop_token stop);
  /// One pod for each name, with all its tags in the call that makes it. The same names and token
  /// make the same pods, so that it can be repeated whatever was heard of it. What a quota does not
  /// allow is left out, and said in request.why_fewer.
  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline);
  /// kPermanent, kNoSuchNode if the pod is gone.
  Result<> tag(const CloudId& id, const Tags& tags, Time deadline);
  /// Deletes it with its own period of grace. Succeeds if it is gone.
  Result<> remove(const CloudId& id, Time deadline);

 private:
  struct Made;
  Made make(const LaunchRequest& request, const NodeName& node, Time deadline);
  Result<CloudNode> find_own(const std::string& name, const OpToken& token, Time deadline);
  void explain(std::vector<CloudNode>& nodes, Time deadline);
  std::string path(const std::string& name = "") const;

  Api& api_;
  const std::string space_;
  std::mutex mutex_;
  std::map<ClusterName, std::string> listed_;  ///< the resource version of each one's last list
};

}  // namespace rayctl::kubernetes
