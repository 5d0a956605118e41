#include "autoscaler/memory.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "autoscaler/fits.h"
#include "autoscaler/patience.h"
#include "autoscaler/start_digest.h"

namespace rayctl {
namespace {

/// Ray counts idle time on the nodes and tells it with a delay: differences below this say nothing.
constexpr Millis kSlack{2'000};
/// Between two ticks passes less, unless the clock was set or the autoscaler was away.
constexpr Millis kLongestGap{3'600'000};
/// The end of year 9999: later times cannot be written, and sums with them would overflow.
constexpr Time kLastTime{Millis{253'402'300'799'999}};

/// All requests that wait for a free place, each once.
class Waiting {
 public:
  explicit Waiting(const Load& load) {
    for (const Demand& demand : load.demands)
      add(demand.request);
    for (const Gang& gang : load.gangs) {
      for (const ResourceRequest& bundle : gang.bundles)
        add(bundle);
    }
  }

  /// Whether something waits, and nothing of it could ever run on the node.
  bool only_for_others(const FleetNode& node) {
    if (anywhere_.empty() && somewhere_.empty()) return false;
    if (fits_by_amounts(node)) return false;
    return std::none_of(somewhere_.begin(), somewhere_.end(), [&](const ResourceRequest& request) {
      return has_room(node.total, request.bundle) && labels_suit(node.labels, request);
    });
  }

 private:
  void add(const ResourceRequest& request) {
    const bool free = std::any_of(request.selectors.begin(), request.selectors.end(),
                                  [](const LabelSelector& each) { return each.empty(); });
    if (request.selectors.empty() || free) {
      anywhere_.insert(request.bundle);
    } else {
      somewhere_.insert(request);
    }
  }

  /// Nodes of equal size are asked about once; each has a resource of its own name beside.
  bool fits_by_amounts(const FleetNode& node) {
    Resources size = node.total;
    std::erase_if(size, [](const auto& each) { return each.first.starts_with("node:"); });
    const auto known = fits_.find(size);
    if (known != fits_.end()) return known->second;
    const bool fits = std::any_of(anywhere_.begin(), anywhere_.end(), [&](const Resources& bundle) {
      return has_room(node.total, bundle);
    });
    return fits_.emplace(std::move(size), fits).first->second;
  }

  std::set<Resources> anywhere_;
  std::set<ResourceRequest> somewhere_;
  std::map<Resources, bool> fits_;
};

/// After the clock was set back: nothing lies in the future, and no wait is longer than it would be
/// if the failure was now.
void set_back(Trouble& trouble, Time now) {
  if (trouble.last <= now) return;
  trouble.last = now;
  trouble.first = std::min(trouble.first, now);
  trouble.retry_at = std::min(trouble.retry_at, now + wait_after(trouble.kind, trouble.in_a_row));
}

void add_failure(Trouble& trouble, const Happened& failure) {
  const bool fresh = trouble.in_a_row == 0;
  if (!fresh && failure.at <= trouble.last) return;  // seen before
  if (fresh || (is_quarantine(failure.kind) && !is_quarantine(trouble.kind))) {
    trouble = {.kind = failure.kind, .first = failure.at, .config = trouble.config};
  } else if (is_quarantine(trouble.kind) && !is_quarantine(failure.kind)) {
    // A launch that failed beside it says nothing of the set-up.
    trouble.retry_at = std::max(trouble.retry_at, failure.at + wait_after(failure.kind, 1));
    return;
  }
  trouble.kind = failure.kind;
  if (trouble.in_a_row < std::numeric_limits<int>::max()) ++trouble.in_a_row;
  trouble.last = failure.at;
  trouble.retry_at = failure.at + wait_after(trouble.kind, trouble.in_a_row);
  trouble.what = failure.what;
}

/// What is about one type, oldest first. Many nodes that fail in one tick fail for one reason: of
/// each place the last failure alone is kept.
std::vector<Happened> of_type(const Fleet& fleet, const NodeTypeName& type, Time now) {
  std::map<std::string, Happened> failures;
  std::vector<Happened> all;
  for (Happened each : fleet.happened) {
    if (each.type != type || each.kind == Happened::Kind::kUnreachable) continue;
    if (each.at > now || each.at == Time{}) each.at = now;
    if (each.kind == Happened::Kind::kJoined) {
      all.push_back(std::move(each));
      continue;
    }
    if (is_quarantine(each.kind)) each.where.clear();
    Happened& last = failures.try_emplace(each.where, each).first->second;
    const auto rank = [](const Happened& one) {
      return std::tuple(is_quarantine(one.kind), one.at, one.kind, std::string_view(one.what));
    };
    if (rank(last) < rank(each)) last = std::move(each);
  }
  for (auto& [place, failure] : failures)
    all.push_back(std::move(failure));
  std::stable_sort(all.begin(), all.end(), [](const Happened& one, const Happened& other) {
    return std::tuple(one.at, one.kind != Happened::Kind::kJoined) <
           std::tuple(other.at, other.kind != Happened::Kind::kJoined);
  });
  return all;
}

void remember_troubles(Memory& memory, const Config& config, const Fleet& fleet, Time now) {
  std::erase_if(memory.trouble, [&](const auto& each) { return !config.find(each.first); });
  for (const NodeTypeConfig& type : config.node_types) {
    auto& places = memory.trouble[type.name];
    const std::string start = start_digest(config, type);
    for (auto& [place, trouble] : places)
      set_back(trouble, now);
    std::erase_if(places, [&](const auto& each) {
      return each.second.config != start || forgotten_at(each.second) <= now;
    });
    for (const Happened& each : of_type(fleet, type.name, now)) {
      if (each.kind == Happened::Kind::kJoined) {
        std::erase_if(places, [&](const auto& place) { return place.second.last <= each.at; });
        continue;
      }
      Trouble& trouble = places[each.where];
      add_failure(trouble, each);
      trouble.config = start;
    }
    if (places.empty()) memory.trouble.erase(type.name);
  }
}

void remember_idleness(Memory& memory, const Load& load, const Fleet& fleet, Time now) {
  const bool jumped = now < memory.last_tick || now - memory.last_tick > kLongestGap;
  Waiting waiting(load);
  std::map<NodeName, Time> since;
  for (const FleetNode& node : fleet.nodes) {
    if (node.head || node.stage != FleetNode::Stage::kRunning || !node.idle) continue;
    const Millis told = std::clamp(node.idle_for, Millis{0}, now.time_since_epoch());
    const Time ray_since = now - told;
    const auto known = memory.idle_since.find(node.name);
    if (known == memory.idle_since.end() || jumped || ray_since <= known->second + kSlack) {
      const bool ours = known != memory.idle_since.end() && !jumped;
      since[node.name] = ours ? std::min(known->second, ray_since) : ray_since;
      continue;
    }
    // Ray's count began anew. Before the last tick: that was judged then.
    const bool just_now = ray_since > memory.last_tick - kSlack;
    const bool keep =
        !just_now || (has_room(node.available, node.total) && waiting.only_for_others(node));
    since[node.name] = keep ? known->second : ray_since;
  }
  memory.idle_since = std::move(since);
}

}  // namespace

Memory remember(Memory memory, const Config& config, const Load& load, const Fleet& fleet,
                Time now) {
  now = std::clamp(now, Time{}, kLastTime);
  remember_idleness(memory, load, fleet, now);
  remember_troubles(memory, config, fleet, now);
  memory.last_tick = now;
  return memory;
}

std::optional<Millis> idle_time(const Memory& memory, const FleetNode& node, Time now) {
  const auto found = memory.idle_since.find(node.name);
  if (found == memory.idle_since.end()) return std::nullopt;
  return std::max(Millis{0}, now - found->second);
}

}  // namespace rayctl
