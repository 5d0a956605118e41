#include "providers/gcp/resource_url.h"

#include <cstddef>
#include <vector>

#include "base/text.h"

namespace rayctl::gcp {

std::string part_after(const std::string& url, const std::string& collection,
                       const std::string& otherwise) {
  const std::vector<std::string> parts = split(url, '/');
  for (std::size_t at = 0; at + 1 < parts.size(); ++at) {
    if (parts[at] == collection) return parts[at + 1];
  }
  return otherwise;
}

}  // namespace rayctl::gcp
