#include "net/retry_after.h"

#include <algorithm>
#include <cstdlib>

namespace rayctl {

Millis retry_after(const HttpResponse& response) {
  const auto found = response.headers.find("retry-after");
  if (found == response.headers.end()) return Millis{0};
  const double seconds = std::strtod(found->second.c_str(), nullptr);
  if (!(seconds > 0)) return Millis{0};
  return Millis{static_cast<Millis::rep>(std::min(seconds, 3600.0) * 1000)};
}

}  // namespace rayctl
