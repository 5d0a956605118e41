#include "autoscaler/packing/vocabulary.h"

#include <algorithm>

namespace rayctl {
namespace {

bool holds(const LabelRule& rule, const std::map<std::string, std::string>& labels) {
  const auto label = labels.find(rule.key);
  const bool among = label != labels.end() && std::find(rule.values.begin(), rule.values.end(),
                                                        label->second) != rule.values.end();
  return among == rule.in;
}

}  // namespace

Vocabulary::Vocabulary(const Load& load) {
  for (const Demand& demand : load.demands)
    add(demand.request);
  for (const Demand& demand : load.asked)
    add(demand.request);
  for (const Gang& gang : load.gangs) {
    for (const ResourceRequest& bundle : gang.bundles)
      add(bundle);
    if (gang.strategy == GangStrategy::kStrictSpread) {
      labels_.insert(std::string(kGroupLabelPrefix) + gang.id);
    }
  }
}

void Vocabulary::add(const ResourceRequest& request) {
  for (const auto& [name, value] : request.bundle) {
    if (!(value > 0)) continue;
    const int number =
        resources_.try_emplace(name, static_cast<int>(resources_.size())).first->second;
    if (name.starts_with(kImplicitPrefix)) implicit_.emplace(name, number);
  }
  for (const LabelSelector& selector : request.selectors) {
    for (const LabelRule& rule : selector)
      labels_.insert(rule.key);
  }
}

int Vocabulary::resource(const std::string& name) const {
  const auto found = resources_.find(name);
  return found == resources_.end() ? -1 : found->second;
}

std::optional<int> label_rank(const ResourceRequest& request,
                              const std::map<std::string, std::string>& labels) {
  if (request.selectors.empty()) return std::nullopt;
  const auto first = std::find_if(
      request.selectors.begin(), request.selectors.end(), [&](const LabelSelector& selector) {
        return std::all_of(selector.begin(), selector.end(),
                           [&](const LabelRule& rule) { return holds(rule, labels); });
      });
  return static_cast<int>(request.selectors.end() - first);
}

}  // namespace rayctl
