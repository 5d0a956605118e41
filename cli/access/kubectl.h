#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "providers/kubernetes/pod_exec.h"
#include "providers/kubernetes/target.h"
#include "providers/provider.h"

namespace rayctl {

/// kubectl, with the options that make it speak to the API server that we speak to.
std::vector<std::string> kubectl_for(const kubernetes::Target& target);

/// The argv that gives the user's terminal to a container. Pure.
std::vector<std::string> kubectl_exec(const std::vector<std::string>& kubectl,
                                      const kubernetes::PodPlace& place, const Terminal& wanted);

/// Whether kubectl is on the PATH, and 1.30 or later, whose exec ends as the program in the pod
/// does. kNotSupported if not, with what to do.
Result<> check_kubectl(const std::string& program);

/// The minor version that `kubectl version --client -o json` tells; 0 if it does not. Pure.
int kubectl_minor(const std::string& json);

}  // namespace rayctl
