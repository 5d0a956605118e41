#include "autoscaler/packing/batch.h"

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>

namespace rayctl {
namespace {

/// More of one kind count as so many.
constexpr std::int64_t kMostRequests = std::int64_t{1} << 62;

struct RequestHash {
  std::size_t operator()(const ResourceRequest* request) const noexcept {
    std::size_t seed = request->selectors.size();
    const auto mix = [&](std::size_t value) { seed = seed * 1'000'003 ^ value; };
    for (const auto& [name, value] : request->bundle) {
      mix(std::hash<std::string>{}(name));
      mix(std::hash<double>{}(value));
    }
    return seed;
  }
};
struct RequestEqual {
  bool operator()(const ResourceRequest* one, const ResourceRequest* other) const {
    return *one == *other;
  }
};

/// Ray's order of requests; equal ones by their labels, so that the order of the input is nothing.
struct Rank {
  std::size_t rules = 0, resources = 0;
  double sum = 0;
  const ResourceRequest* request = nullptr;

  explicit Rank(const ResourceRequest& of)
      : rules(of.selectors.empty() ? 0 : of.selectors.front().size()),
        resources(of.bundle.size()),
        request(&of) {
    for (const auto& [name, value] : of.bundle)
      sum += value;
  }
  bool before(const Rank& other) const {
    if (rules != other.rules) return rules > other.rules;
    if (resources != other.resources) return resources > other.resources;
    if (sum != other.sum) return sum > other.sum;
    return *other.request < *request;
  }
};

}  // namespace

Batch::Batch(const Vocabulary& words, const std::vector<Ask>& asks, Terms terms)
    : terms_(std::move(terms)) {
  group(asks);
  sort_into_kinds(words);
  left_ = static_cast<std::int64_t>(shapes_.size());
}

void Batch::group(const std::vector<Ask>& asks) {
  std::unordered_map<const ResourceRequest*, std::size_t, RequestHash, RequestEqual> known;
  std::vector<Shape> found;
  for (const Ask& ask : asks) {
    if (ask.count <= 0) continue;
    const auto [at, fresh] = known.try_emplace(ask.request, found.size());
    if (fresh) found.push_back({.request = ask.request});
    found[at->second].left =
        std::min(kMostRequests - found[at->second].left, ask.count) + found[at->second].left;
  }
  std::vector<std::pair<Rank, std::size_t>> order;
  order.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    order.emplace_back(Rank(*found[i].request), i);
  std::sort(order.begin(), order.end(),
            [](const auto& one, const auto& other) { return one.first.before(other.first); });
  shapes_.reserve(found.size());
  for (const auto& [rank, i] : order)
    shapes_.push_back(found[i]);
}

void Batch::sort_into_kinds(const Vocabulary& words) {
  std::map<std::pair<std::vector<int>, std::vector<LabelSelector>>, int> known;
  std::vector<std::pair<int, Amount>> needs;
  std::vector<std::vector<Amount>> amounts;  // by kind
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    Shape& shape = shapes_[s];
    needs.clear();
    for (const auto& [name, value] : shape.request->bundle) {
      if (name == "GPU") shape.names_gpu = true;
      if (value > 0) needs.emplace_back(words.resource(name), to_amount(value));
    }
    std::sort(needs.begin(), needs.end());
    std::vector<int> resources;
    for (const auto& [resource, amount] : needs)
      resources.push_back(resource);
    const auto [at, fresh] = known.try_emplace({std::move(resources), shape.request->selectors},
                                               static_cast<int>(kinds_.size()));
    if (fresh) {
      kinds_.push_back({.resources = at->first.first, .like = shape.request, .shapes = {}});
      amounts.emplace_back();
    }
    Kind& kind = kinds_[static_cast<std::size_t>(at->second)];
    shape.kind = at->second;
    shape.index = static_cast<int>(kind.shapes.size());
    kind.shapes.push_back(static_cast<int>(s));
    for (const auto& [resource, amount] : needs)
      amounts[static_cast<std::size_t>(at->second)].push_back(amount);
  }
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    Kind& kind = kinds_[k];
    trees_.emplace_back(kind.shapes.size(), kind.resources.size(), std::move(amounts[k]));
  }
}

int Batch::next(const Fit& fit, int from, const std::vector<Amount>& free) const {
  const auto kind = static_cast<std::size_t>(fit.kind);
  const int index = trees_[kind].next(static_cast<std::size_t>(from), fit.slots, free);
  return index < 0 ? -1 : kinds_[kind].shapes[static_cast<std::size_t>(index)];
}

std::int64_t Batch::how_many(const Shape& shape, const Fit& fit,
                             const std::vector<Amount>& free) const {
  const NeedTree& tree = trees_[static_cast<std::size_t>(shape.kind)];
  std::int64_t count = terms_.one_a_node ? 1 : shape.left;
  for (std::size_t d = 0; d < fit.slots.size(); ++d) {
    const Amount need = tree.need(static_cast<std::size_t>(shape.index), d);
    count = std::min(count, free[static_cast<std::size_t>(fit.slots[d])] / need);
  }
  return count;
}

void Batch::put(const Mold& mold, const Shape& shape, const Fit& fit, std::int64_t count,
                Room& room) {
  const NeedTree& tree = trees_[static_cast<std::size_t>(shape.kind)];
  for (std::size_t d = 0; d < fit.slots.size(); ++d) {
    const auto slot = static_cast<std::size_t>(fit.slots[d]);
    room.free[slot] -= count * tree.need(static_cast<std::size_t>(shape.index), d);
    if (mold.slots[slot].listed && slot < 64) room.used |= std::uint64_t{1} << slot;
  }
  if (room.label_rank == 0) room.label_rank = fit.label_rank;
  if (shape.names_gpu) room.gpu_used = true;
}

std::optional<Batch::Fit> Batch::fit(const Mold& mold, int kind) const {
  const Kind& of = kinds_[static_cast<std::size_t>(kind)];
  Fit fit{.kind = kind};
  fit.slots.reserve(of.resources.size());
  auto slot = mold.slots.begin();
  for (const int resource : of.resources) {
    while (slot != mold.slots.end() && slot->resource < resource)
      ++slot;
    if (slot == mold.slots.end() || slot->resource != resource) return std::nullopt;
    fit.slots.push_back(static_cast<int>(slot - mold.slots.begin()));
  }
  fit.label_rank = label_rank(*of.like, mold.labels).value_or(terms_.unlabelled_rank);
  if (fit.label_rank == 0 && !of.like->selectors.empty()) return std::nullopt;
  return fit;
}

const std::vector<Batch::Fit>& Batch::fits(const Mold& mold, int index) {
  const auto at = static_cast<std::size_t>(index);
  if (fits_.size() <= at) fits_.resize(at + 1);
  if (!fits_[at]) {
    fits_[at].emplace();
    const bool apart = !terms_.apart_from.empty() && mold.labels.contains(terms_.apart_from);
    for (std::size_t kind = 0; !apart && kind < kinds_.size(); ++kind) {
      std::optional<Fit> found = fit(mold, static_cast<int>(kind));
      if (found) fits_[at]->push_back(*std::move(found));
    }
  }
  return *fits_[at];
}

bool Batch::try_on(const Mold& mold, const Room& room, Trial& trial) {
  trial.takes.clear();
  const auto later = [](const Cursor& one, const Cursor& other) { return one.shape > other.shape; };
  cursors_.clear();
  for (const Fit& each : fits(mold, room.mold)) {
    const int first = next(each, 0, room.free);
    if (first >= 0) cursors_.push_back({first, &each});
  }
  if (cursors_.empty()) return false;
  std::make_heap(cursors_.begin(), cursors_.end(), later);
  trial.after = room;
  while (!cursors_.empty()) {
    std::pop_heap(cursors_.begin(), cursors_.end(), later);
    const Cursor cursor = cursors_.back();
    cursors_.pop_back();
    const Shape& shape = shapes_[static_cast<std::size_t>(cursor.shape)];
    const std::int64_t count = how_many(shape, *cursor.fit, trial.after.free);
    if (count > 0) {
      put(mold, shape, *cursor.fit, count, trial.after);
      trial.takes.push_back({cursor.shape, count});
      if (terms_.one_a_node) break;
    }
    const int then = next(*cursor.fit, shape.index + 1, trial.after.free);
    if (then < 0) continue;
    cursors_.push_back({then, cursor.fit});
    std::push_heap(cursors_.begin(), cursors_.end(), later);
  }
  trial.score = score_of(mold, trial.after);
  return true;
}

void Batch::take(const Trial& trial) {
  for (const Take& each : trial.takes) {
    Shape& shape = shapes_[static_cast<std::size_t>(each.shape)];
    shape.left -= each.count;
    if (shape.left > 0) continue;
    --left_;
    trees_[static_cast<std::size_t>(shape.kind)].cut(static_cast<std::size_t>(shape.index));
  }
}

}  // namespace rayctl
