#pragma once
#include <map>
#include <string>

#include "model/json.h"

namespace rayctl::kubernetes {

/// What a pod of this node_config offers, in Ray's words: of the container that Ray runs in, what
/// it is limited to, else what it asks for. CPU is rounded up, as the kernel's share is all that
/// says how many there are; memory is in bytes, without the part that Ray's object store takes;
/// GPUs and TPUs are called so whoever made them; other extended resources keep their names. Pure.
std::map<std::string, double> pod_resources(const Json& node_config);

}  // namespace rayctl::kubernetes
