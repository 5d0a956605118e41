#pragma once
#include <string>

#include "model/load.h"

namespace rayctl {

/// "{CPU: 1, memory: 2.0 GB}".
std::string in_words(const Resources& resources);
/// With what it asks of labels: "{CPU: 1} on zone a or b, not market spot".
std::string in_words(const ResourceRequest& request);
/// "8"; of memory "2.0 GB".
std::string amount_in_words(const std::string& resource, double amount);

}  // namespace rayctl
