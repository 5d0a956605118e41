#pragma once
#include <map>
#include <string>

#include "model/load.h"

namespace rayctl {

/// Whether all of `need` is in `have`, up to what sums of fractions are off by.
bool has_room(const Resources& have, const Resources& need);

/// Whether a node with these labels fulfils one of the request's alternatives.
bool labels_suit(const std::map<std::string, std::string>& labels, const ResourceRequest& request);

}  // namespace rayctl
