#include "autoscaler/packing/contest.h"

#include <algorithm>

namespace rayctl {

void Contest::enter(int number, const Room& room, const Favour& favour, std::int64_t order) {
  contenders_.push_back({.number = number, .room = &room, .favour = favour, .order = order});
  stale_.push_back(static_cast<int>(contenders_.size()) - 1);
}

Contest::Place Contest::place(int i) {
  const Contender& one = at(i);
  return {one.trial.score, one.favour, -one.order, i};
}

void Contest::try_on(int i) {
  Contender& one = at(i);
  if (one.ranked) ranking_.erase(place(i));
  one.ranked = false;
  if (one.out) return;
  ++one.trials;
  if (!batch_.try_on(molds_.at(one.room->mold), *one.room, one.trial)) {
    one.out = true;  // what is left only shrinks
    return;
  }
  one.ranked = true;
  ranking_.insert(place(i));
  for (const Take& take : one.trial.takes) {
    auto& heap = watches_[static_cast<std::size_t>(take.shape)];
    heap.push_back({take.count, i, one.trials});
    std::push_heap(heap.begin(), heap.end());
  }
}

std::optional<Contest::Best> Contest::best() {
  watches_.resize(batch_.shapes().size());
  for (std::size_t n = 0; n < stale_.size(); ++n)
    try_on(stale_[n]);
  stale_.clear();
  if (ranking_.empty()) return std::nullopt;
  const int i = std::get<int>(*ranking_.rbegin());
  return Best{at(i).number, &at(i).trial};
}

void Contest::take(std::optional<std::int64_t> next_order) {
  const int i = std::get<int>(*ranking_.rbegin());
  Contender& one = at(i);
  batch_.take(one.trial);
  ranking_.erase(std::prev(ranking_.end()));
  one.ranked = false;
  if (next_order) {
    one.order = *next_order;
    one.ranked = true;
    ranking_.insert(place(i));
  } else {
    one.out = true;
  }
  for (const Take& take : one.trial.takes)
    set_back(take.shape);
}

void Contest::set_back(int shape) {
  auto& heap = watches_[static_cast<std::size_t>(shape)];
  const std::int64_t left = batch_.shapes()[static_cast<std::size_t>(shape)].left;
  while (!heap.empty() && heap.front().count > left) {
    std::pop_heap(heap.begin(), heap.end());
    const Watch watch = heap.back();
    heap.pop_back();
    Contender& one = at(watch.contender);
    if (watch.trial != one.trials || one.out) continue;
    ++one.trials;  // its other watches are void as well
    stale_.push_back(watch.contender);
  }
}

}  // namespace rayctl
