#pragma once
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/names.h"
#include "providers/kubernetes/api.h"

namespace rayctl::kubernetes {

/// An object in a namespace that is neither this cluster's nor one that Kubernetes puts into every
/// namespace: "configmap shared". "" if there is none. Looks at every kind that the server has; one
/// that may not be looked at counts as there.
Result<std::string> foreign_object_in(Api& api, const std::string& space, const ClusterId& cluster,
                                      Time deadline);

/// Takes the cluster's labels off an object: it is no longer ours, and stays.
Result<> disown(Api& api, const std::string& path, Time deadline);

}  // namespace rayctl::kubernetes
