#pragma once
#include "cli/providers.h"

namespace rayctl {

/// type: kubernetes. The API server is found as kubectl finds it: KUBECONFIG, ~/.kube/config, or
/// the service account of the pod that this runs in.
Result<ProviderParts> make_kubernetes_pods(const ProviderSetting& setting);

}  // namespace rayctl
