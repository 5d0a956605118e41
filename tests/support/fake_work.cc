#include "tests/support/fake_work.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace rayctl {
namespace {

constexpr double kRounding = 1e-9;

bool takes(Resources& free, const Resources& bundle) {
  for (const auto& [resource, amount] : bundle) {
    const auto found = free.find(resource);
    if (found == free.end() || found->second < amount - kRounding) return false;
  }
  for (const auto& [resource, amount] : bundle)
    free[resource] -= amount;
  return true;
}

bool fulfils(const std::map<std::string, std::string>& labels, const LabelSelector& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const LabelRule& rule) {
    const auto label = labels.find(rule.key);
    const bool among = label != labels.end() && std::find(rule.values.begin(), rule.values.end(),
                                                          label->second) != rule.values.end();
    return among == rule.in;
  });
}

}  // namespace

void FakeWork::submit(const Resources& bundle, int count, Millis duration,
                      const std::vector<LabelSelector>& selectors) {
  const Piece task{.gang = {.id = "", .bundles = {{.bundle = bundle, .selectors = selectors}}},
                   .duration = duration};
  waiting_.insert(waiting_.end(), static_cast<std::size_t>(count), task);
}

void FakeWork::submit(const Gang& gang, Millis duration) {
  waiting_.push_back({.gang = gang, .duration = duration});
}

void FakeWork::settle(const std::map<CloudId, FakeWorkPlace>& places, Time now) {
  interrupt_lost(places);
  end_until(places, now);
  place_all(places, now);
}

void FakeWork::interrupt_lost(const std::map<CloudId, FakeWorkPlace>& places) {
  const auto lost = std::stable_partition(running_.begin(), running_.end(), [&](const Piece& each) {
    for (std::size_t i = 0; i < each.on.size(); ++i) {
      const auto place = places.find(each.on[i]);
      if (place == places.end() || place->second.start != each.starts[i]) return false;
    }
    return true;
  });
  interrupted_ += static_cast<int>(std::distance(lost, running_.end()));
  waiting_.insert(waiting_.begin(), lost, running_.end());
  running_.erase(lost, running_.end());
}

// In the order of time, so that what waits follows at once on what ends.
void FakeWork::end_until(const std::map<CloudId, FakeWorkPlace>& places, Time now) {
  const auto by_end = [](const Piece& a, const Piece& b) { return a.ends_at < b.ends_at; };
  while (true) {
    const auto first = std::min_element(running_.begin(), running_.end(), by_end);
    if (first == running_.end() || first->ends_at > now) return;
    const Time ended = first->ends_at;
    for (const CloudId& id : first->on)
      last_end_[id] = ended;
    running_.erase(first);
    ++finished_;
    place_all(places, ended);
  }
}

void FakeWork::place_all(const std::map<CloudId, FakeWorkPlace>& places, Time now) {
  std::vector<Piece> left;
  std::set<Gang> in_vain;  // the same again finds no place either
  for (Piece& piece : waiting_) {
    if (!in_vain.contains(piece.gang) && place(piece, places, now)) {
      running_.push_back(std::move(piece));
    } else {
      in_vain.insert(piece.gang);
      left.push_back(std::move(piece));
    }
  }
  waiting_ = std::move(left);
}

bool FakeWork::place(Piece& piece, const std::map<CloudId, FakeWorkPlace>& places, Time now) {
  std::map<CloudId, Resources> free;
  for (const auto& [id, place] : places) {
    if (place.open && place.joined <= now) free.emplace(id, available(id, place));
  }
  const GangStrategy strategy = piece.gang.strategy;
  std::vector<CloudId> on;
  const auto try_on = [&](const CloudId& id, const ResourceRequest& request,
                          const LabelSelector& selector) {
    const bool used = std::find(on.begin(), on.end(), id) != on.end();
    if (strategy == GangStrategy::kStrictSpread && used) return false;
    if (strategy == GangStrategy::kStrictPack && !on.empty() && !used) return false;
    return fulfils(places.at(id).labels, selector) && takes(free.at(id), request.bundle);
  };
  const auto put = [&](const ResourceRequest& request) {
    const std::vector<LabelSelector> any(1);
    for (const LabelSelector& selector : request.selectors.empty() ? any : request.selectors) {
      for (const auto& [id, left] : free) {
        if (!try_on(id, request, selector)) continue;
        on.push_back(id);
        return true;
      }
    }
    return false;
  };
  bool fits = std::all_of(piece.gang.bundles.begin(), piece.gang.bundles.end(), put);
  // All on one node: the first node that takes the first bundle need not be the one.
  while (!fits && strategy == GangStrategy::kStrictPack && !on.empty()) {
    free.erase(on.front());
    on.clear();
    fits = std::all_of(piece.gang.bundles.begin(), piece.gang.bundles.end(), put);
  }
  if (!fits) return false;
  piece.starts.clear();
  for (const CloudId& id : on)
    piece.starts.push_back(places.at(id).start);
  piece.on = std::move(on);
  piece.ends_at = now + piece.duration;
  return true;
}

Load FakeWork::load() const {
  std::map<ResourceRequest, std::int64_t> demands;
  Load load;
  for (const Piece& piece : waiting_) {
    if (!piece.gang.id.empty()) {
      load.gangs.push_back(piece.gang);
    } else {
      ++demands[piece.gang.bundles.front()];
    }
  }
  for (const auto& [request, count] : demands)
    load.demands.push_back({request, count});
  std::sort(load.gangs.begin(), load.gangs.end());
  load.asked = asked_;
  return load;
}

Resources FakeWork::available(const CloudId& id, const FakeWorkPlace& place) const {
  Resources left = place.total;
  for (const Piece& piece : running_) {
    for (std::size_t i = 0; i < piece.on.size(); ++i) {
      if (piece.on[i] != id) continue;
      for (const auto& [resource, amount] : piece.gang.bundles[i].bundle)
        left[resource] -= amount;
    }
  }
  std::erase_if(left, [](const auto& each) { return each.second < kRounding; });
  return left;
}

bool FakeWork::busy(const CloudId& id) const {
  return std::any_of(running_.begin(), running_.end(), [&](const Piece& piece) {
    return std::find(piece.on.begin(), piece.on.end(), id) != piece.on.end();
  });
}

Time FakeWork::last_end(const CloudId& id) const {
  const auto found = last_end_.find(id);
  return found == last_end_.end() ? Time{} : found->second;
}

}  // namespace rayctl
