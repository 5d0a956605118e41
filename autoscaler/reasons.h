#pragma once
#include <map>
#include <vector>

#include "autoscaler/seats.h"

namespace rayctl {

/// One line for each type and purpose: how many nodes, and what they are for.
std::vector<DecisionReason> launch_reasons(const std::vector<NewNode>& launches,
                                           const std::vector<TypeView>& types);

struct RequestLess {
  bool operator()(const ResourceRequest* one, const ResourceRequest* other) const {
    return *one < *other;
  }
};
/// What launches that are put off would have held: by request, the type and how many.
std::map<const ResourceRequest*, std::pair<int, std::int64_t>, RequestLess> put_off_by_request(
    const std::vector<NewNode>& launches);

}  // namespace rayctl
