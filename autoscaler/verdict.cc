#include "autoscaler/verdict.h"

#include <algorithm>
#include <set>

#include "autoscaler/fits.h"
#include "autoscaler/words.h"
#include "base/text.h"

namespace rayctl {
namespace {

/// Resources of a placement group that is there already: only its own nodes have them.
bool of_a_group(const ResourceRequest& request) {
  return std::any_of(request.bundle.begin(), request.bundle.end(), [](const auto& each) {
    return each.first.find("_group_") != std::string::npos;
  });
}

}  // namespace

Judge::Judge(const Config& config, const Census& census, const std::vector<TypeView>& types,
             std::function<int(int)> places_of, std::int64_t places)
    : config_(config), types_(types), places_of_(std::move(places_of)), places_(places) {
  for (const Resident& each : census.residents()) {
    if (!each.stays() || each.node->total.empty()) continue;
    there_.push_back(each.node);
    for (const auto& [name, amount] : each.node->total)
      most_[name] = std::max(most_[name], amount);
  }
}

bool Judge::someone_holds(const ResourceRequest& request) const {
  if (!has_room(most_, request.bundle)) return false;
  return std::any_of(there_.begin(), there_.end(), [&](const FleetNode* node) {
    return has_room(node->total, request.bundle) && labels_suit(node->labels, request);
  });
}

std::string Judge::nobody_holds(const ResourceRequest& request) const {
  for (const auto& [name, amount] : request.bundle) {
    const TypeView* largest = nullptr;
    for (const TypeView& type : types_) {
      if (type.config->name == config_.head_type) continue;
      const Amount has = amount_of(type.resources, name);
      if (has > 0 && (!largest || has > amount_of(largest->resources, name))) largest = &type;
    }
    if (!largest && to_amount(amount) > 0) return "no node type has " + name;
    if (largest && amount_of(largest->resources, name) < to_amount(amount)) {
      const double most = largest->resources.at(name);
      return "no node type has " + amount_in_words(name, amount) + " " + name +
             " (largest: " + largest->config->name.text + ", " + amount_in_words(name, most) + ")";
    }
  }
  const bool labels = std::any_of(types_.begin(), types_.end(), [&](const TypeView& type) {
    return type.config->name != config_.head_type && has_room(type.resources, request.bundle);
  });
  if (!labels) return "no node type has all of " + in_words(request.bundle) + " on one node";
  return "no node type that is large enough has the labels: " + in_words(request);
}

std::string Judge::in_the_way(const std::vector<int>& able) const {
  std::vector<std::string> reasons;
  for (const int i : able) {
    const TypeView& type = types_[static_cast<std::size_t>(i)];
    if (!type.blocked.empty()) {
      reasons.push_back(type.blocked);
    } else if (places_of_(i) <= 0) {
      reasons.push_back("max_workers of " + type.config->name.text + " is " +
                        std::to_string(type.config->max_workers));
    } else if (places_ <= 0) {
      reasons.push_back("max_workers of the cluster is " + std::to_string(config_.max_workers));
    }
  }
  const auto end = std::unique(reasons.begin(), reasons.end());
  reasons.erase(end, reasons.end());
  return join(reasons, "; ");
}

Verdict Judge::request(const ResourceRequest& request) const {
  std::vector<int> able;
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const TypeView& type = types_[i];
    if (type.config->name == config_.head_type) continue;
    if (has_room(type.resources, request.bundle) && labels_suit(type.labels, request)) {
      able.push_back(static_cast<int>(i));
    }
  }
  if (!able.empty()) {
    std::string because = in_the_way(able);
    if (because.empty()) because = "there is not room for all of it below max_workers";
    return {.because = std::move(because)};
  }
  if (of_a_group(request)) return {.because = "it waits for its placement group"};
  if (someone_holds(request)) return {.because = "only nodes in use could hold it"};
  return {true, nobody_holds(request)};
}

Verdict Judge::gang(const Gang& gang) const {
  if (gang.strategy == GangStrategy::kStrictPack) {
    Verdict verdict = request(merged(gang.bundles));
    verdict.because = "STRICT_PACK, on one node: " + verdict.because;
    return verdict;
  }
  std::vector<std::string> reasons;
  const std::set<ResourceRequest> kinds(gang.bundles.begin(), gang.bundles.end());
  for (const ResourceRequest& bundle : kinds) {
    Verdict verdict = request(bundle);
    if (verdict.impossible) return verdict;
    if (std::find(reasons.begin(), reasons.end(), verdict.because) == reasons.end()) {
      reasons.push_back(std::move(verdict.because));
    }
  }
  std::string because = join(reasons, "; ");
  if (gang.strategy == GangStrategy::kStrictSpread) {
    because = "STRICT_SPREAD, on " + plural(gang.bundles.size(), "node") + ": " + because;
  }
  return {.because = std::move(because)};
}

}  // namespace rayctl
