#include "gcs/load_view.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "model/json.h"

namespace rayctl {
namespace {

namespace autoscaler = ray::rpc::autoscaler;

// No cluster has as many places; sums of such counts do not overflow.
constexpr std::int64_t kMostCount = 1'000'000'000;

using Counted = std::map<ResourceRequest, std::int64_t>;

void count(Counted& counted, ResourceRequest request, std::int64_t more) {
  std::int64_t& sum = counted[std::move(request)];
  sum = std::min(sum + std::min(more, kMostCount), kMostCount);
}

std::vector<Demand> to_demands(const Counted& counted) {
  std::vector<Demand> demands;
  for (const auto& [request, count] : counted)
    demands.push_back({.request = request, .count = count});
  return demands;
}

LabelSelector to_selector(const ray::rpc::LabelSelector& sent) {
  LabelSelector selector;
  for (const auto& constraint : sent.label_constraints()) {
    LabelRule rule{.key = constraint.label_key(),
                   .in = constraint.operator_() != ray::rpc::LABEL_OPERATOR_NOT_IN,
                   .values = {constraint.label_values().begin(), constraint.label_values().end()}};
    std::sort(rule.values.begin(), rule.values.end());
    selector.push_back(std::move(rule));
  }
  std::sort(selector.begin(), selector.end());
  return selector;
}

// Any node fulfils an empty selector, so those after one say nothing, and one alone neither.
std::vector<LabelSelector> to_selectors(const autoscaler::ResourceRequest& request) {
  std::vector<LabelSelector> selectors;
  for (const auto& sent : request.label_selectors()) {
    selectors.push_back(to_selector(sent));
    if (selectors.back().empty()) break;
  }
  if (!selectors.empty() && selectors.front().empty()) selectors.clear();
  return selectors;
}

std::optional<ResourceRequest> to_request(const autoscaler::ResourceRequest& sent) {
  const auto& bundle = sent.resources_bundle();
  const bool numbers = std::all_of(bundle.begin(), bundle.end(),
                                   [](const auto& each) { return std::isfinite(each.second); });
  if (!numbers) return std::nullopt;
  return ResourceRequest{.bundle = to_amounts(bundle), .selectors = to_selectors(sent)};
}

void count(Counted& counted, const autoscaler::ResourceRequestByCount& sent) {
  if (sent.count() < 1) return;
  if (std::optional<ResourceRequest> request = to_request(sent.request())) {
    count(counted, *std::move(request), sent.count());
  }
}

// Strict strategies are constraints of each bundle; the others are only in the words of `details`.
GangStrategy to_strategy(const autoscaler::GangResourceRequest& gang) {
  for (const autoscaler::ResourceRequest& request : gang.requests()) {
    for (const auto& constraint : request.placement_constraints()) {
      if (constraint.has_affinity()) return GangStrategy::kStrictPack;
      if (constraint.has_anti_affinity()) return GangStrategy::kStrictSpread;
    }
  }
  const std::string& details = gang.details();
  const std::size_t begin = details.find(':') + 1;
  const std::string name = details.substr(begin, details.find('|', begin) - begin);
  if (name == "STRICT_PACK") return GangStrategy::kStrictPack;
  if (name == "STRICT_SPREAD") return GangStrategy::kStrictSpread;
  return name == "SPREAD" ? GangStrategy::kSpread : GangStrategy::kPack;
}

std::optional<Gang> to_gang(const autoscaler::GangResourceRequest& sent) {
  Gang gang{.id = sent.details().substr(0, sent.details().find(':')),
            .strategy = to_strategy(sent),
            .bundles = {}};
  const bool labelled = sent.bundle_selectors_size() > 0;
  const auto& requests = labelled ? sent.bundle_selectors(0).resource_requests() : sent.requests();
  for (const autoscaler::ResourceRequest& each : requests) {
    std::optional<ResourceRequest> request = to_request(each);
    if (!request) return std::nullopt;
    gang.bundles.push_back(*std::move(request));
  }
  if (gang.bundles.empty()) return std::nullopt;
  std::sort(gang.bundles.begin(), gang.bundles.end());
  return gang;
}

std::optional<ResourceRequest> to_request(const Json& bundle) {
  if (!bundle.is_object()) return std::nullopt;
  ResourceRequest request;
  for (const auto& [resource, amount] : bundle.items()) {
    if (!amount.is_number() || !std::isfinite(amount.get<double>())) return std::nullopt;
    if (amount.get<double>() > 0) request.bundle[resource] = amount.get<double>();
  }
  return request;
}

}  // namespace

Load to_load(const autoscaler::ClusterResourceState& state) {
  Counted demands;
  for (const auto& sent : state.pending_resource_requests())
    count(demands, sent);
  Counted asked;
  for (const auto& constraint : state.cluster_resource_constraints()) {
    for (const auto& sent : constraint.resource_requests())
      count(asked, sent);
  }
  Load load{.demands = to_demands(demands),
            .gangs = {},
            .asked = to_demands(asked),
            .version = state.cluster_resource_state_version()};
  for (const auto& sent : state.pending_gang_resource_requests()) {
    if (std::optional<Gang> gang = to_gang(sent)) load.gangs.push_back(*std::move(gang));
  }
  std::sort(load.gangs.begin(), load.gangs.end());
  return load;
}

std::vector<Demand> to_asked(const std::string& json) {
  const Json bundles = Json::parse(json, nullptr, false);
  if (!bundles.is_array()) return {};
  Counted asked;
  for (const Json& bundle : bundles) {
    if (std::optional<ResourceRequest> request = to_request(bundle)) {
      count(asked, *std::move(request), 1);
    }
  }
  return to_demands(asked);
}

Resources to_amounts(const google::protobuf::Map<std::string, double>& amounts) {
  Resources kept;
  for (const auto& [resource, amount] : amounts) {
    if (std::isfinite(amount) && amount > 0) kept.emplace(resource, amount);
  }
  return kept;
}

}  // namespace rayctl
