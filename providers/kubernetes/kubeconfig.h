#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/diagnostic.h"
#include "model/json.h"
#include "providers/kubernetes/target.h"

namespace rayctl::kubernetes {

/// A kubeconfig as it was read.
struct KubeconfigFile {
  std::string path;
  Json document;
};

struct TargetChoice {
  std::optional<Target> target;  ///< none if there are problems
  std::vector<Diagnostic> problems;
};

/// Merges the files as kubectl does (the first that has a cluster, a user, a context of a name or a
/// current-context decides; what is relative starts at the file's folder) and takes `context`, or
/// the current one if it is "". Reads the files that it names. Tells every problem at once.
/// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
TargetChoice choose_target(const std::vector<KubeconfigFile>& files, const std::string& context);

/// The names of all contexts, sorted.
std::vector<std::string> context_names(const std::vector<KubeconfigFile>& files);

/// All problems as one error: kPermanent, kCredentials.
Error target_error(const std::vector<Diagnostic>& problems);

/// Where a pod finds its service account.
inline constexpr char kServiceAccount[] = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Whether this is a pod that was told where its API server is.
bool is_in_cluster(const Environment& env);
/// The API server that KUBERNETES_SERVICE_HOST and _PORT name, as the service account in `folder`.
TargetChoice in_cluster_target(const Environment& env, const std::string& folder = kServiceAccount);

}  // namespace rayctl::kubernetes
