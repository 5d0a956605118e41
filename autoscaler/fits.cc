#include "autoscaler/fits.h"

#include <algorithm>

#include "autoscaler/packing/vocabulary.h"

namespace rayctl {
namespace {

constexpr double kLeast = 1e-6;

double amount_in(const Resources& have, const std::string& name) {
  const auto found = have.find(name);
  if (found != have.end()) return found->second;
  return name.starts_with(kImplicitPrefix) ? 1 : 0;
}

}  // namespace

bool has_room(const Resources& have, const Resources& need) {
  return std::all_of(need.begin(), need.end(), [&](const auto& each) {
    return each.second <= kLeast || amount_in(have, each.first) + kLeast >= each.second;
  });
}

bool labels_suit(const std::map<std::string, std::string>& labels, const ResourceRequest& request) {
  return label_rank(request, labels).value_or(1) > 0;
}

}  // namespace rayctl
