#include "autoscaler/packing/amount.h"

#include <algorithm>
#include <cmath>

namespace rayctl {

Amount to_amount(double value) {
  if (!(value > 0)) return 0;
  const double scaled = value * static_cast<double>(kWhole);
  if (scaled >= static_cast<double>(kMostAmount)) return kMostAmount;
  return std::max<Amount>(1, std::llround(scaled));
}

Amount amount_of(const Resources& resources, const std::string& name) {
  const auto found = resources.find(name);
  return found == resources.end() ? 0 : to_amount(found->second);
}

double from_amount(Amount amount) {
  return static_cast<double>(amount) / static_cast<double>(kWhole);
}

}  // namespace rayctl
