#pragma once
#include <string>

#include "base/result.h"
#include "providers/kubernetes/target.h"

namespace rayctl {

/// Which API server, and as whom: of the files in $KUBECONFIG, else of ~/.kube/config, the context
/// of that name ("": the current one); inside of a pod without such files, its service account.
/// Every mistake in the files at once: kCredentials.
Result<kubernetes::Target> find_kube_target(const kubernetes::Environment& env,
                                            const std::string& context);

}  // namespace rayctl
