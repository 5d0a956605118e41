#include "providers/aws/capacity_memory.h"

#include <algorithm>

namespace rayctl::aws {

CapacityMemory::Key CapacityMemory::key(const Alternative& alternative) {
  const Place& place = alternative.place;
  return {place.zone.empty() ? place.subnet : place.zone, alternative.type, alternative.market};
}

void CapacityMemory::lacked(const Alternative& alternative, Time now) {
  const std::lock_guard lock(mutex_);
  lacks_[key(alternative)] = now;
}

std::vector<Alternative> CapacityMemory::sorted(std::vector<Alternative> all, Time now) const {
  const std::lock_guard lock(mutex_);
  std::stable_partition(all.begin(), all.end(), [&](const Alternative& alternative) {
    const auto lack = lacks_.find(key(alternative));
    return lack == lacks_.end() || now - lack->second >= kFor;
  });
  return all;
}

}  // namespace rayctl::aws
