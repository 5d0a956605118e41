#pragma once
#include <string>

#include "providers/aws/api.h"

namespace rayctl::aws {

/// Whether a call does no more when it is made twice: one that only reads, one with a ClientToken,
/// one that sets what is then set. Only such a call is made again after a lost answer or a failure
/// of the service's own. Pure.
bool safe_to_repeat(const std::string& action, const Params& params);

}  // namespace rayctl::aws
