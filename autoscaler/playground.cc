#include "autoscaler/playground.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autoscaler/fits.h"

namespace rayctl {

void Playground::add(FleetNode node) {
  place_of_[serials_] = hosts_.size();
  hosts_.push_back({.serial = serials_++});
  fleet_.nodes.push_back(std::move(node));
}

void Playground::remove(const std::set<NodeName>& names) {
  if (names.empty()) return;
  std::size_t kept = 0;
  place_of_.clear();
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (names.contains(fleet_.nodes[i].name)) continue;
    place_of_[hosts_[i].serial] = kept;
    if (kept != i) {
      hosts_[kept] = hosts_[i];
      fleet_.nodes[kept] = std::move(fleet_.nodes[i]);
    }
    ++kept;
  }
  hosts_.resize(kept);
  fleet_.nodes.resize(kept);
  freed(0);
}

void Playground::join(FleetNode& node, Time now) {
  node.stage = FleetNode::Stage::kRunning;
  node.available = node.total;
  const auto host = static_cast<std::size_t>(&node - fleet_.nodes.data());
  hosts_[host].idle_since = now;
  freed(host);
}

void Playground::arrive(const TraceEvent& event, Time now) {
  if (event.asked) {
    asked_ = *event.asked;
    return;
  }
  for (const ResourceRequest& each : event.bundles)
    bundles_.insert(each.bundle);
  if (!event.strategy) {
    Shape& shape = shapes_[event.bundles.front()];
    shape.request = event.bundles.front();
    shape.queue.push_back({.arrived = now, .runs = event.runs, .count = event.count});
    return;
  }
  for (std::int64_t i = 0; i < event.count; ++i) {
    groups_.push_back({.gang = {.id = "group-" + std::to_string(++gangs_),
                                .strategy = *event.strategy,
                                .bundles = event.bundles},
                       .arrived = now,
                       .runs = event.runs});
  }
}

void Playground::freed(std::size_t host) {
  for (auto& [request, shape] : shapes_)
    shape.first_host = std::min(shape.first_host, host);
}

std::optional<Time> Playground::next_end() const {
  return ends_.empty() ? std::nullopt : std::optional(ends_.top().at);
}

void Playground::finish(Time now) {
  while (!ends_.empty() && ends_.top().at <= now) {
    const End end = ends_.top();
    ends_.pop();
    const std::size_t host = place_of_.at(end.host);
    FleetNode& node = fleet_.nodes[host];
    running_ -= end.count;
    hosts_[host].running -= end.count;
    if (hosts_[host].running == 0) {
      node.available = node.total;  // whatever fractions left behind
      hosts_[host].idle_since = end.at;
    } else {
      for (const auto& [name, amount] : *end.bundle)
        node.available[name] += amount * static_cast<double>(end.count);
    }
    freed(host);
  }
}

std::int64_t Playground::room(std::size_t host, const ResourceRequest& request,
                              std::int64_t most) const {
  const FleetNode& node = fleet_.nodes[host];
  if (node.stage != FleetNode::Stage::kRunning || !has_room(node.available, request.bundle) ||
      !labels_suit(node.labels, request)) {
    return 0;
  }
  for (const auto& [name, amount] : request.bundle) {
    const auto found = node.available.find(name);
    if (found == node.available.end() || !(amount > 0)) continue;
    most = std::min(most, static_cast<std::int64_t>(std::floor(found->second / amount + 1e-6)));
  }
  return most;
}

void Playground::start(std::size_t host, const ResourceRequest& request, std::int64_t count,
                       Time arrived, Time now, Millis runs) {
  FleetNode& node = fleet_.nodes[host];
  for (const auto& [name, amount] : request.bundle)
    node.available[name] -= amount * static_cast<double>(count);
  hosts_[host].running += count;
  running_ += count;
  waits_[now - arrived] += count;
  ends_.push({now + runs, ++order_, hosts_[host].serial, &*bundles_.find(request.bundle), count});
}

void Playground::place_shape(Shape& shape, Time now) {
  while (shape.waits() && shape.first_host < hosts_.size()) {
    Batch& batch = shape.queue[shape.front];
    const std::int64_t count = room(shape.first_host, shape.request, batch.count);
    if (count == 0) {
      ++shape.first_host;
      continue;
    }
    start(shape.first_host, shape.request, count, batch.arrived, now, batch.runs);
    batch.count -= count;
    if (batch.count == 0) ++shape.front;
  }
  if (!shape.waits()) {
    shape.queue.clear();
    shape.front = 0;
  }
}

std::vector<std::size_t> Playground::seats_for(const Gang& gang, std::size_t begin,
                                               std::size_t end) const {
  const bool apart = gang.strategy == GangStrategy::kStrictSpread;
  std::vector<std::size_t> seats;
  std::map<std::size_t, Resources> left;  // of the hosts that the group would use
  const auto fits = [&](std::size_t host, const ResourceRequest& request) {
    const auto used = left.find(host);
    if (used == left.end()) return room(host, request, 1) > 0;
    return !apart && has_room(used->second, request.bundle) &&
           labels_suit(fleet_.nodes[host].labels, request);
  };
  for (const ResourceRequest& request : gang.bundles) {
    std::size_t host = begin;
    while (host < end && !fits(host, request))
      ++host;
    if (host == end) return {};
    Resources& rest = left.try_emplace(host, fleet_.nodes[host].available).first->second;
    for (const auto& [name, amount] : request.bundle)
      rest[name] -= amount;
    seats.push_back(host);
  }
  return seats;
}

bool Playground::place_group(const Group& group, Time now) {
  std::vector<std::size_t> seats;
  if (group.gang.strategy == GangStrategy::kStrictPack) {
    for (std::size_t host = 0; host < hosts_.size() && seats.empty(); ++host)
      seats = seats_for(group.gang, host, host + 1);
  } else {
    seats = seats_for(group.gang, 0, hosts_.size());
  }
  for (std::size_t i = 0; i < seats.size(); ++i)
    start(seats[i], group.gang.bundles[i], 1, group.arrived, now, group.runs);
  return !seats.empty();
}

void Playground::place(Time now) {
  std::erase_if(groups_, [&](const Group& group) { return place_group(group, now); });
  for (auto& [request, shape] : shapes_) {
    if (shape.waits()) place_shape(shape, now);
  }
}

Load Playground::load(Time now) {
  Load load;
  load.version = ++version_;
  load.asked = asked_;
  for (const auto& [request, shape] : shapes_) {
    std::int64_t count = 0;
    for (std::size_t i = shape.front; i < shape.queue.size(); ++i)
      count += shape.queue[i].count;
    if (count > 0) load.demands.push_back({.request = request, .count = count});
  }
  for (const Group& group : groups_)
    load.gangs.push_back(group.gang);
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    FleetNode& node = fleet_.nodes[i];
    node.idle = node.stage == FleetNode::Stage::kRunning && hosts_[i].running == 0;
    node.idle_for = node.idle ? now - hosts_[i].idle_since : Millis{0};
  }
  return load;
}

std::int64_t Playground::waiting() const {
  std::int64_t count = 0;
  for (const auto& [request, shape] : shapes_) {
    for (std::size_t i = shape.front; i < shape.queue.size(); ++i)
      count += shape.queue[i].count;
  }
  for (const Group& group : groups_)
    count += static_cast<std::int64_t>(group.gang.bundles.size());
  return count;
}

}  // namespace rayctl
