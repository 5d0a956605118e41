#include "autoscaler/seats.h"

#include <algorithm>
#include <set>

namespace rayctl {
namespace {

/// More alternatives than that are not looked at.
constexpr std::size_t kMostSelectors = 64;

bool strict(const Gang& gang) {
  return gang.strategy == GangStrategy::kStrictPack || gang.strategy == GangStrategy::kStrictSpread;
}

/// Those that are hardest to place first.
bool goes_first(const Gang* one, const Gang* other) {
  const auto key = [](const Gang& gang) {
    const std::size_t bundles = gang.bundles.size();
    return std::pair(strict(gang) ? bundles : 0, bundles);
  };
  if (key(*one) != key(*other)) return key(*one) > key(*other);
  if (one->id.size() != other->id.size()) return one->id.size() < other->id.size();
  return one->id < other->id;
}

}  // namespace

ResourceRequest merged(const std::vector<ResourceRequest>& bundles) {
  ResourceRequest all;
  for (const ResourceRequest& bundle : bundles) {
    for (const auto& [name, value] : bundle.bundle)
      all.bundle[name] += value;
    if (bundle.selectors.empty() || bundle.selectors == all.selectors) continue;
    if (all.selectors.empty()) {
      all.selectors = bundle.selectors;
      continue;
    }
    std::vector<LabelSelector> both;
    for (const LabelSelector& one : all.selectors) {
      for (const LabelSelector& other : bundle.selectors) {
        if (both.size() == kMostSelectors) break;
        both.push_back(one);
        both.back().insert(both.back().end(), other.begin(), other.end());
      }
    }
    all.selectors = std::move(both);
  }
  return all;
}

Seats::Seats(const Load& load, const Config& config, const Census& census,
             const std::vector<TypeView>& types)
    : load_(load),
      census_(census),
      types_(types),
      words_(load),
      molds_(words_),
      places_(std::max(0, std::max(0, config.max_workers) - census.workers())),
      held_by_(census.residents().size(), nullptr) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    const TypeView& type = types[i];
    fresh_.push_back(
        molds_.room({static_cast<int>(i), type.resources, type.resources, type.labels}));
    places_left_.push_back(type.places);
  }
}

int Seats::places_of(int type) const {
  return packing_ ? packing_->places_of(type) : places_left_[static_cast<std::size_t>(type)];
}

std::int64_t Seats::places() const {
  return packing_ ? packing_->places() : places_;
}

Room Seats::room_of(const Resident& resident, bool empty) {
  const FleetNode& node = *resident.node;
  const bool told = node.stage == FleetNode::Stage::kRunning && !node.total.empty();
  if (!told && resident.type >= 0) return fresh_[static_cast<std::size_t>(resident.type)];
  return molds_.room({resident.type, node.total, empty ? node.total : node.available, node.labels});
}

std::vector<PackingType> Seats::packing_types() const {
  std::vector<PackingType> all;
  for (std::size_t i = 0; i < types_.size(); ++i)
    all.push_back({fresh_[i], places_left_[i], types_[i].favour});
  return all;
}

void Seats::launch_minimum() {
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const NodeTypeConfig& type = *types_[i].config;
    int lacking = std::max(0, type.min_workers) - census_.count(static_cast<int>(i));
    for (; lacking > 0 && places_left_[i] > 0 && places_ > 0; --lacking) {
      --places_left_[i];
      --places_;
      launches_.push_back({.type = static_cast<int>(i), .purpose = Purpose::kMinimum});
    }
  }
}

void Seats::place_asked() {
  std::vector<Seat> seats;
  for (std::size_t i = 0; i < launches_.size(); ++i)
    seats.push_back({.launch = static_cast<int>(i)});
  for (std::size_t i = 0; i < census_.residents().size(); ++i) {
    if (census_.residents()[i].offers()) seats.push_back({.resident = static_cast<int>(i)});
  }
  if (!load_.asked.empty()) {
    Packing totals(molds_, packing_types(), places_);
    for (const Seat& seat : seats) {
      if (seat.launch >= 0) {
        const int type = launches_[static_cast<std::size_t>(seat.launch)].type;
        totals.add(fresh_[static_cast<std::size_t>(type)], type);
      } else {
        const Resident& resident = census_.residents()[static_cast<std::size_t>(seat.resident)];
        totals.add(room_of(resident, true), resident.type);
      }
    }
    std::vector<Batch::Ask> asks;
    for (const Demand& demand : load_.asked)
      asks.push_back({&demand.request, demand.count});
    Batch batch(words_, asks, {});
    const std::vector<Placement> placed = totals.place(batch, true);
    unplaced_.asked = !batch.done();
    record(totals, seats, placed, batch, Purpose::kAsked, nullptr);
    std::vector<Seat> ordered;
    for (const int node : totals.order())
      ordered.push_back(seats[static_cast<std::size_t>(node)]);
    seats = std::move(ordered);
  }
  open(seats);
}

void Seats::open(const std::vector<Seat>& order) {
  for (const NewNode& launch : launches_) {
    if (launch.purpose != Purpose::kAsked) continue;
    --places_left_[static_cast<std::size_t>(launch.type)];
    --places_;
  }
  packing_.emplace(molds_, packing_types(), places_);
  for (const Seat& seat : order) {
    seats_.push_back(seat);
    if (seat.launch >= 0) {
      const int type = launches_[static_cast<std::size_t>(seat.launch)].type;
      packing_->add(fresh_[static_cast<std::size_t>(type)], type);
    } else {
      const Resident& resident = census_.residents()[static_cast<std::size_t>(seat.resident)];
      packing_->add(room_of(resident, false), resident.type);
    }
  }
}

void Seats::record(const Packing& packing, std::vector<Seat>& seats,
                   const std::vector<Placement>& placed, const Batch& batch, Purpose purpose,
                   const Gang* gang) {
  const auto request = [&](const Take& take) {
    return batch.shapes()[static_cast<std::size_t>(take.shape)].request;
  };
  for (const Placement& each : placed) {
    const auto node = static_cast<std::size_t>(each.node);
    if (node < seats.size()) {
      const int resident = seats[node].resident;
      if (resident >= 0) held_by_[static_cast<std::size_t>(resident)] = request(each.takes.front());
      continue;
    }
    NewNode launch{.type = packing.type_of(each.node), .purpose = purpose, .gang = gang};
    for (const Take& take : each.takes)
      launch.holds.push_back({request(take), take.count});
    seats.push_back({.launch = static_cast<int>(launches_.size())});
    launches_.push_back(std::move(launch));
  }
}

bool Seats::place_gang(const Gang& gang) {
  std::vector<Batch::Ask> asks;
  if (gang.strategy == GangStrategy::kStrictPack) {
    merged_.push_back(merged(gang.bundles));
    asks.push_back({&merged_.back(), 1});
  } else {
    for (const ResourceRequest& bundle : gang.bundles)
      asks.push_back({&bundle, 1});
  }
  const bool spread = gang.strategy == GangStrategy::kStrictSpread;
  Batch batch(
      words_, asks,
      {.one_a_node = spread, .apart_from = spread ? std::string(kGroupLabelPrefix) + gang.id : ""});
  const std::vector<Placement> placed = packing_->place(batch, true);
  record(*packing_, seats_, placed, batch, Purpose::kGang, &gang);
  return batch.done();
}

void Seats::place_gangs() {
  std::vector<const Gang*> gangs;
  for (const Gang& gang : load_.gangs)
    gangs.push_back(&gang);
  std::sort(gangs.begin(), gangs.end(), goes_first);
  std::set<std::pair<GangStrategy, std::vector<ResourceRequest>>> too_much;
  for (const Gang* gang : gangs) {
    // What is free only shrinks: what did not fit before does not fit now.
    std::pair like(gang->strategy, gang->bundles);
    if (!too_much.contains(like) && place_gang(*gang)) continue;
    unplaced_.gangs.push_back(gang);
    too_much.insert(std::move(like));
  }
}

void Seats::place_demands() {
  std::vector<Batch::Ask> asks;
  asks.reserve(load_.demands.size());
  for (const Demand& demand : load_.demands)
    asks.push_back({&demand.request, demand.count});
  // Ray takes a task that asks for no label as one whose first wish is fulfilled.
  Batch batch(words_, asks, {.unlabelled_rank = 1});
  const std::vector<Placement> placed = packing_->place(batch, false);
  record(*packing_, seats_, placed, batch, Purpose::kDemand, nullptr);
  for (const Batch::Shape& shape : batch.shapes()) {
    if (shape.left > 0) unplaced_.demands.push_back({*shape.request, shape.left});
  }
}

}  // namespace rayctl
