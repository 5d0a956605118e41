#include "autoscaler/census.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/text.h"

namespace rayctl {
namespace {

/// "gpu-10" comes after "gpu-2".
std::pair<std::string_view, std::int64_t> natural(std::string_view name) {
  const std::size_t digits = name.size() - (name.find_last_not_of("0123456789") + 1);
  constexpr std::size_t kMostDigits = 18;
  std::int64_t number = -1;
  if (digits == 0 || digits > kMostDigits) return {name, number};
  std::from_chars(name.data() + name.size() - digits, name.data() + name.size(), number);
  return {name.substr(0, name.size() - digits), number};
}

/// So often a node that does not join is started again in its place.
constexpr int kTriesToJoin = 3;

double mean_use(const FleetNode& node) {
  double sum = 0;
  int count = 0;
  for (const auto& [name, total] : node.total) {
    if (!(total > 0)) continue;
    const auto free = node.available.find(name);
    const double share = (total - (free == node.available.end() ? 0 : free->second)) / total;
    if (share > 0) sum += std::min(share, 1.0);
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

int nearness(const FleetNode& node) {
  switch (node.stage) {
    case FleetNode::Stage::kFailed:
      return 0;
    case FleetNode::Stage::kRunning:
      return 2;
    default:
      return 1;
  }
}

}  // namespace

Census::Census(const Config& config, const Fleet& fleet, const Memory& memory, Time now,
               const DecideOptions& options)
    : config_(config), options_(options), counts_(config.node_types.size(), 0) {
  for (const NodeTypeConfig& type : config.node_types)
    frozen_.push_back(options.frozen.contains(type.name));
  sort_in(fleet, memory, now);
  release_unwanted();
  give_up(memory, now);
  obey_maxima();
}

void Census::sort_in(const Fleet& fleet, const Memory& memory, Time now) {
  std::unordered_map<std::string_view, int> types;
  for (std::size_t i = 0; i < config_.node_types.size(); ++i) {
    if (is_worker_type(config_, i))
      types.emplace(config_.node_types[i].name.text, static_cast<int>(i));
  }
  for (const FleetNode& node : fleet.nodes) {
    if (node.stage == FleetNode::Stage::kLeaving) continue;
    Resident resident{.node = &node, .idle = idle_time(memory, node, now), .use = mean_use(node)};
    const auto type = types.find(node.type.text);
    resident.head = node.head || node.type == config_.head_type;
    if (!resident.head && type != types.end()) resident.type = type->second;
    if (!resident.head) ++workers_;
    if (resident.type >= 0) ++counts_[static_cast<std::size_t>(resident.type)];
    residents_.push_back(std::move(resident));
  }
  const auto key = [](const Resident& one) {
    return std::tuple(!one.head, static_cast<unsigned>(one.type), natural(one.node->name.text),
                      std::string_view(one.node->name.text));
  };
  std::sort(residents_.begin(), residents_.end(),
            [&](const Resident& one, const Resident& other) { return key(one) < key(other); });
}

void Census::release(Resident& resident, Cause cause, std::string because) {
  resident.leaves = cause;
  resident.because = std::move(because);
  --workers_;
  if (resident.type >= 0) --counts_[static_cast<std::size_t>(resident.type)];
}

void Census::release_unwanted() {
  for (Resident& each : residents_) {
    const FleetNode& node = *each.node;
    if (each.head || node.unseen) continue;
    if (each.type < 0) {
      release(each, Cause::kTypeRemoved, node.type.text + " is no longer a worker type");
    } else if (options_.frozen.contains(node.type)) {
      continue;
    } else if (node.ends_at) {
      release(each, Cause::kNotice, "its provider takes it away at " + format_time(*node.ends_at));
    } else if (node.outdated && options_.replace_outdated) {
      release(each, Cause::kOutdated, "its launch config is not the one in the file");
    }
  }
}

/// After several tries on a machine that never came up another one is tried, one at a time.
void Census::give_up(const Memory& memory, Time now) {
  std::set<int> done;
  for (Resident& each : residents_) {
    if (each.node->stage != FleetNode::Stage::kFailed || !each.stays() || each.type < 0) continue;
    const auto places = memory.trouble.find(each.node->type);
    if (places == memory.trouble.end() || options_.frozen.contains(each.node->type)) continue;
    if (each.node->unseen) continue;
    const auto found = places->second.find("");
    if (found == places->second.end()) continue;
    const Trouble& trouble = found->second;
    const bool due = trouble.kind == Happened::Kind::kJoinFailed &&
                     trouble.in_a_row >= kTriesToJoin && trouble.retry_at <= now;
    if (!due || !done.insert(each.type).second) continue;
    release(each, Cause::kNeverJoined,
            "it did not come up in " + std::to_string(trouble.in_a_row) + " tries");
  }
}

std::vector<std::size_t> Census::in_order_of_loss() const {
  using Key = std::tuple<int, std::int64_t, double, std::size_t>;
  std::vector<Key> keys;
  keys.reserve(residents_.size());
  for (std::size_t i = 0; i < residents_.size(); ++i) {
    const Resident& each = residents_[i];
    const bool fixed = each.head || each.node->unseen || options_.frozen.contains(each.node->type);
    if (fixed || !each.stays()) continue;
    keys.emplace_back(nearness(*each.node), -each.idle.value_or(Millis{0}).count(), each.use, i);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::size_t> order;
  order.reserve(keys.size());
  for (const Key& key : keys)
    order.push_back(std::get<std::size_t>(key));
  return order;
}

void Census::obey_maxima() {
  const std::vector<std::size_t> order = in_order_of_loss();
  for (const std::size_t i : order) {
    Resident& each = residents_[i];
    const NodeTypeConfig& type = config_.node_types[static_cast<std::size_t>(each.type)];
    if (count(each.type) <= std::max(0, type.max_workers)) continue;
    release(each, Cause::kTypeMax,
            "max_workers of " + type.name.text + " is " + std::to_string(type.max_workers));
  }
  for (const std::size_t i : order) {
    if (workers_ <= std::max(0, config_.max_workers)) break;
    if (!residents_[i].stays()) continue;
    release(residents_[i], Cause::kClusterMax,
            "max_workers of the cluster is " + std::to_string(config_.max_workers));
  }
}

}  // namespace rayctl
