#include "autoscaler/reasons.h"

#include <algorithm>

#include "autoscaler/words.h"
#include "base/text.h"
#include "model/gang_strategy.h"

namespace rayctl {
namespace {

/// As many kinds are named; of the others the number.
constexpr std::size_t kNamed = 3;

/// All launches of one type for one purpose.
struct Group {
  int count = 0;
  std::map<const ResourceRequest*, std::int64_t, RequestLess> holds;
  std::vector<const Gang*> gangs;
};

std::string shortened(std::vector<std::string> names, const char* noun) {
  if (names.size() <= kNamed) return join(names, ", ");
  const std::size_t others = names.size() - kNamed;
  names.resize(kNamed);
  return join(names, ", ") + " and " + plural(others, noun) + " more";
}

std::string requests_in_words(const Group& group) {
  std::vector<std::pair<std::int64_t, const ResourceRequest*>> most;
  for (const auto& [request, count] : group.holds)
    most.emplace_back(count, request);
  std::stable_sort(most.begin(), most.end(),
                   [](const auto& one, const auto& other) { return one.first > other.first; });
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < most.size(); ++i) {
    if (i < kNamed) {
      parts.push_back(std::to_string(most[i].first) + " x " + in_words(*most[i].second));
    } else {
      parts.emplace_back();
    }
  }
  return shortened(std::move(parts), "kind");
}

std::string gangs_in_words(const Group& group) {
  std::vector<std::string> parts;
  parts.reserve(group.gangs.size());
  for (const Gang* gang : group.gangs)
    parts.push_back(gang->id + " (" + ray_name(gang->strategy) + ")");
  return shortened(std::move(parts), "group");
}

std::string text_of(const Group& group, Purpose purpose, const NodeTypeConfig& type) {
  switch (purpose) {
    case Purpose::kMinimum:
      return "min_workers of " + type.name.text + " is " + std::to_string(type.min_workers);
    case Purpose::kAsked:
      return "for request_resources: " + requests_in_words(group);
    case Purpose::kGang:
      return "for placement group " + gangs_in_words(group);
    case Purpose::kDemand:
      return "for " + requests_in_words(group);
    case Purpose::kUse:
      return "for use above target_utilization_fraction";
  }
  return "";
}

}  // namespace

std::vector<DecisionReason> launch_reasons(const std::vector<NewNode>& launches,
                                           const std::vector<TypeView>& types) {
  std::map<std::pair<int, Purpose>, Group> groups;
  for (const NewNode& node : launches) {
    Group& group = groups[{node.type, node.purpose}];
    ++group.count;
    for (const Amounts& each : node.holds)
      group.holds[each.request] += each.count;
    const bool known = !group.gangs.empty() && group.gangs.back() == node.gang;
    if (node.gang != nullptr && !known) group.gangs.push_back(node.gang);
  }
  std::vector<DecisionReason> reasons;
  for (const auto& [key, group] : groups) {
    const NodeTypeConfig& type = *types[static_cast<std::size_t>(key.first)].config;
    reasons.push_back({type.name, {}, group.count, text_of(group, key.second, type)});
  }
  return reasons;
}

std::map<const ResourceRequest*, std::pair<int, std::int64_t>, RequestLess> put_off_by_request(
    const std::vector<NewNode>& launches) {
  std::map<const ResourceRequest*, std::pair<int, std::int64_t>, RequestLess> all;
  for (const NewNode& node : launches) {
    for (const Amounts& each : node.holds) {
      auto& [type, count] = all[each.request];
      type = node.type;
      count += each.count;
    }
  }
  return all;
}

}  // namespace rayctl
