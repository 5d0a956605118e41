#include "autoscaler/clean_load.h"

#include <algorithm>
#include <cmath>

namespace rayctl {
namespace {

bool has_nan(const ResourceRequest& request) {
  return std::any_of(request.bundle.begin(), request.bundle.end(),
                     [](const auto& each) { return std::isnan(each.second); });
}

template <class Each>
void for_each_request(auto& load, const Each& each) {
  for (auto& demand : load.demands)
    each(demand.request);
  for (auto& demand : load.asked)
    each(demand.request);
  for (auto& gang : load.gangs) {
    for (auto& bundle : gang.bundles)
      each(bundle);
  }
}

}  // namespace

std::optional<Load> without_nan(const Load& load) {
  bool found = false;
  for_each_request(load, [&](const ResourceRequest& each) { found = found || has_nan(each); });
  if (!found) return std::nullopt;
  Load clean = load;
  for_each_request(clean, [](ResourceRequest& each) {
    std::erase_if(each.bundle, [](const auto& one) { return std::isnan(one.second); });
  });
  return clean;
}

}  // namespace rayctl
