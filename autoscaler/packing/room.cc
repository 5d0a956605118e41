#include "autoscaler/packing/room.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace rayctl {
namespace {

std::size_t mixed(std::size_t seed, std::size_t value) {
  return seed ^ (value + 0x9e3779b97f4a7c15ULL + (seed << 6U) + (seed >> 2U));
}

std::size_t hash_of(const Mold& mold) {
  std::size_t seed = static_cast<std::size_t>(mold.type);
  for (const Mold::Slot& slot : mold.slots) {
    seed = mixed(seed, static_cast<std::size_t>(slot.resource));
    seed = mixed(seed, static_cast<std::size_t>(slot.total));
  }
  for (const auto& [key, value] : mold.labels) {
    seed = mixed(seed, std::hash<std::string>{}(key));
    seed = mixed(seed, std::hash<std::string>{}(value));
  }
  return seed;
}

}  // namespace

double use_term(Amount total, Amount free) {
  if (total <= 0) return 0;
  const Amount in_use = std::clamp<Amount>(total - free, 0, total);
  return from_amount(total) *
         std::pow(static_cast<double>(in_use) / static_cast<double>(total), 3.0);
}

std::size_t RoomHash::operator()(const Room& room) const noexcept {
  std::size_t seed = mixed(static_cast<std::size_t>(room.mold), room.used);
  for (const Amount free : room.free)
    seed = mixed(seed, static_cast<std::size_t>(free));
  seed = mixed(seed, std::hash<double>{}(room.other_sum));
  return mixed(seed, static_cast<std::size_t>(room.label_rank) * 2 + (room.gpu_used ? 1 : 0));
}

Room Molds::room(const Offer& offer) {
  struct Both {
    Mold::Slot slot;
    Amount free;
  };
  std::vector<Both> found;
  Mold mold{.type = offer.type};
  Room room;
  for (const auto& [name, value] : offer.total) {
    const Amount total = to_amount(value);
    if (total == 0) continue;
    const Amount free = std::min(total, amount_of(offer.free, name));
    const int resource = words_.resource(name);
    if (name == "GPU") mold.gpu = true;
    if (resource >= 0) {
      found.push_back({{.resource = resource, .total = total}, free});
      continue;
    }
    const double term = use_term(total, free);
    room.other_least = room.other_count == 0 ? term : std::min(room.other_least, term);
    room.other_sum += term;
    ++room.other_count;
  }
  for (const auto& [name, resource] : words_.implicit()) {
    if (!offer.total.contains(name)) {
      found.push_back({{.resource = resource, .total = kWhole, .listed = false}, kWhole});
    }
  }
  std::sort(found.begin(), found.end(), [](const Both& one, const Both& other) {
    return one.slot.resource < other.slot.resource;
  });
  for (const Both& each : found) {
    mold.slots.push_back(each.slot);
    room.free.push_back(each.free);
  }
  for (const auto& [key, value] : offer.labels) {
    if (words_.labels().contains(key)) mold.labels.emplace(key, value);
  }
  room.mold = intern(std::move(mold));
  return room;
}

int Molds::intern(Mold mold) {
  const std::size_t hash = hash_of(mold);
  const auto [from, to] = by_hash_.equal_range(hash);
  const auto same =
      std::find_if(from, to, [&](const auto& each) { return at(each.second) == mold; });
  if (same != to) return same->second;
  molds_.push_back(std::move(mold));
  by_hash_.emplace(hash, size() - 1);
  return size() - 1;
}

}  // namespace rayctl
