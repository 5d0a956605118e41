#pragma once
#include <functional>
#include <optional>
#include <string>

#include "providers/kubernetes/api.h"
#include "transport/command_runner.h"

namespace rayctl::kubernetes {

/// A container of a pod.
struct PodPlace {
  std::string space;  ///< namespace
  std::string pod;
  std::string container;  ///< "" if the pod has only one
};

/// Runs argv, input and stream of a command; nothing else of it counts. `enough` may be empty; if
/// it is true after an output, the exec is left at once, and the exit code says nothing: Kubernetes
/// tells the end only when nobody holds the outputs any more, and now and then never where the
/// program left much of its input unread.
using PodExec = std::function<Result<CommandOutput>(const Command& command, Time deadline,
                                                    const OutputSink& sink,
                                                    const std::function<bool()>& enough)>;

/// Runs programs in a container by Kubernetes' exec over a WebSocket (v5.channel.k8s.io), as the
/// container's user. Outputs go to the sink alone: those of the result are empty. The program goes
/// on after the deadline, and when the connection breaks (kUnknown). kContainerFailed (kTransient)
/// if pod or container are not there or do not run. kNotSupported by API servers before Kubernetes
/// 1.30, whose exec cannot end a standard input. May be called concurrently; `api` and `clock`
/// outlive it.
PodExec pod_exec(Api& api, PodPlace place, Clock& clock);

/// kNotSupported if the server is older than 1.<minor>, which `what` needs; nothing if it is not,
/// or does not say.
std::optional<Error> too_old(Api& api, int minor, const std::string& what, Time deadline);

}  // namespace rayctl::kubernetes
