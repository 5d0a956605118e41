#pragma once
#include <string>

#include "model/json.h"
#include "model/observed.h"

namespace rayctl::kubernetes {

/// A pod as a machine. Running is one whose container for Ray runs; stopped one that has ended or
/// was evicted; stopping one that was deleted and is still there. Pure, as all here.
/// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
CloudNode cloud_node_of(const Json& pod);

/// Why a pod does not run yet, in one line: no node takes it, its image cannot be had, its
/// container ends again and again. "" while there is nothing to say.
std::string why_waiting(const Json& pod);

/// Why a pod that has ended did: evicted, out of memory, its program's exit code.
std::string why_ended(const Json& pod);

/// What its events say of a pod that waits: a volume or sandbox that could not be made more than
/// once. "" for nothing.
std::string why_stuck(const Json& events);

/// What keeps a deleted pod, or any other object, from going: its finalizers. "" for nothing.
std::string what_holds(const Json& object);

}  // namespace rayctl::kubernetes
