#include "autoscaler/packing/packing.h"

#include <algorithm>
#include <numeric>

namespace rayctl {

int Packing::alike(const Room& room) {
  const int next = spare_.empty() ? static_cast<int>(alikes_.size()) : spare_.back();
  const auto [at, fresh] = by_room_.try_emplace(room, next);
  if (!fresh) return at->second;
  if (spare_.empty()) {
    alikes_.emplace_back();
  } else {
    spare_.pop_back();
  }
  alikes_[static_cast<std::size_t>(next)].room = room;
  return next;
}

int Packing::pop_front(int alike) {
  Alike& from = alikes_[static_cast<std::size_t>(alike)];
  const int node = from.nodes.front();
  from.nodes.pop_front();
  if (from.nodes.empty()) {
    by_room_.erase(from.room);
    spare_.push_back(alike);
  }
  return node;
}

int Packing::add(const Room& room, int type) {
  nodes_.push_back({.type = type});
  seat(size() - 1, room, ++last_);
  return size() - 1;
}

std::vector<Placement> Packing::place(Batch& batch, bool whole) {
  std::vector<Pick> picks;
  place_on_nodes(batch, picks);
  if (!batch.done()) place_on_new(batch, picks);
  if (whole && !batch.done()) return {};
  return settle(picks);
}

void Packing::place_on_nodes(Batch& batch, std::vector<Pick>& picks) {
  Contest contest(molds_, batch);
  for (std::size_t i = 0; i < alikes_.size(); ++i) {
    const Alike& each = alikes_[i];
    if (each.nodes.empty()) continue;
    const Node& front = at(each.nodes.front());
    contest.enter(
        static_cast<int>(i), each.room,
        front.type < 0 ? Contest::Favour{} : types_[static_cast<std::size_t>(front.type)].favour,
        front.order);
  }
  std::vector<std::size_t> taken(alikes_.size(), 0);
  while (!batch.done()) {
    const auto best = contest.best();
    if (!best) return;
    const auto i = static_cast<std::size_t>(best->number);
    picks.push_back({.alike = best->number, .trial = *best->trial});
    const bool more = ++taken[i] < alikes_[i].nodes.size();
    contest.take(more ? std::optional(at(alikes_[i].nodes[taken[i]]).order) : std::nullopt);
  }
}

void Packing::place_on_new(Batch& batch, std::vector<Pick>& picks) {
  Contest contest(molds_, batch);
  std::int64_t order = 0;
  for (std::size_t i = 0; i < types_.size(); ++i) {
    if (types_[i].places <= 0) continue;
    contest.enter(static_cast<int>(i), types_[i].room, types_[i].favour, order++);
  }
  std::vector<int> taken(types_.size(), 0);
  for (std::int64_t left = places_; left > 0 && !batch.done(); --left) {
    const auto best = contest.best();
    if (!best) return;
    const auto i = static_cast<std::size_t>(best->number);
    picks.push_back({.type = best->number, .trial = *best->trial});
    // Types that are equally good take turns.
    contest.take(++taken[i] < types_[i].places ? std::optional(order++) : std::nullopt);
  }
}

/// What was put on a node changes what it is alike to; those that took something go first from now
/// on, and new ones last.
std::vector<Placement> Packing::settle(std::vector<Pick>& picks) {
  std::vector<Placement> placed;
  placed.reserve(picks.size());
  for (Pick& pick : picks) {
    int node = size();
    if (pick.alike < 0) {
      --types_[static_cast<std::size_t>(pick.type)].places;
      --places_;
      nodes_.push_back({.type = pick.type});
    } else {
      node = pop_front(pick.alike);
    }
    placed.push_back({node, std::move(pick.trial.takes)});
  }
  std::size_t there = 0;
  while (there < picks.size() && picks[there].alike >= 0)
    ++there;
  for (std::size_t i = there; i-- > 0;)
    seat(placed[i].node, picks[i].trial.after, --first_);
  for (std::size_t i = there; i < picks.size(); ++i)
    seat(placed[i].node, picks[i].trial.after, ++last_);
  return placed;
}

void Packing::seat(int node, const Room& room, std::int64_t order) {
  at(node).order = order;
  auto& nodes = alikes_[static_cast<std::size_t>(alike(room))].nodes;
  if (order < 0) {
    nodes.push_front(node);
  } else {
    nodes.push_back(node);
  }
}

std::vector<int> Packing::order() const {
  std::vector<int> all(nodes_.size());
  std::iota(all.begin(), all.end(), 0);
  std::sort(all.begin(), all.end(), [&](int one, int other) {
    return nodes_[static_cast<std::size_t>(one)].order <
           nodes_[static_cast<std::size_t>(other)].order;
  });
  return all;
}

}  // namespace rayctl
