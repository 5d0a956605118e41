#pragma once
#include <memory>
#include <string>

#include "model/config.h"
#include "providers/kubernetes/api.h"
#include "providers/provider.h"

namespace rayctl::kubernetes {

struct KubernetesSettings {
  Config config;  ///< type: kubernetes
  Clock& clock;
  std::shared_ptr<Api> api;
  std::string space;        ///< the namespace of the pods
  bool in_cluster = false;  ///< we are a pod, and have the rights of its service account alone
};

/// Asks nobody yet.
std::unique_ptr<Provider> make_kubernetes(KubernetesSettings settings);

/// provider.namespace, or the one that Ray's examples use.
std::string space_of(const Config& config);

}  // namespace rayctl::kubernetes
