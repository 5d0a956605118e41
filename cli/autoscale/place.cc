#include "cli/autoscale/place.h"

#include <algorithm>
#include <utility>

#include "cli/access/python_class.h"
#include "cli/own_version.h"
#include "cli/secrets.h"
#include "config/digests.h"

namespace rayctl {
namespace {

constexpr char kPlaceField[] = "place";
constexpr char kOnHead[] = "head", kOnOperators[] = "operator";

// A class and what it needs are where it is applied from; and its machines know no key but the
// file's.
bool of_a_class(const Config& config) {
  const auto types = class_types();
  return std::find(types.begin(), types.end(), config.provider.text) != types.end();
}

}  // namespace

bool all_is_here(const Config& config) {
  return config.provider.text == "process";
}

AutoscalerPlace wanted_place(const Config& config) {
  const NodeTypeConfig* head = config.find(config.head_type);
  const bool ray = head != nullptr && !head->node_config.contains("command");
  const AutoscalerKind kind = config.rayctl.autoscaler;
  if (!ray || kind == AutoscalerKind::kRay || kind == AutoscalerKind::kNone)
    return AutoscalerPlace::kNowhere;
  const bool here = all_is_here(config) || of_a_class(config) || kind == AutoscalerKind::kOperator;
  return here ? AutoscalerPlace::kHere : AutoscalerPlace::kHead;
}

std::string why_not_on_head(const Config& config) {
  const std::set<std::string> secrets = secrets_named(config);
  return secrets.empty() ? "" : *secrets.begin() + " is known on this machine only";
}

std::optional<AutoscalerPlace> recorded_place(const Snapshot& snapshot) {
  const auto fields = snapshot.breakdown.find(snapshot.autoscaler);
  if (fields == snapshot.breakdown.end() || !fields->second.contains(kProgramField))
    return std::nullopt;
  const auto place = fields->second.find(kPlaceField);
  const bool head = place != fields->second.end() && place->second.text == kOnHead;
  return head ? AutoscalerPlace::kHead : AutoscalerPlace::kHere;
}

void hand_over(Desired& desired, const Config& config, AutoscalerPlace place) {
  FieldDigests fields;
  if (auto limits = desired.breakdown.extract(desired.autoscaler))
    fields = std::move(limits.mapped());
  desired.program = std::string("rayctl ") + own_version();
  fields[kProgramField] = {own_version()};
  fields["config"] = desired.config;
  if (!all_is_here(config)) {
    const bool head = place == AutoscalerPlace::kHead;
    fields[kPlaceField] = {head ? kOnHead : kOnOperators};
    desired.program += head ? " on the head" : " on this machine";
  }
  Json all = {{"effect", "autoscaler"}, {"fields", Json::object()}};
  for (const auto& [name, digest] : fields)
    all["fields"][name] = digest.text;
  desired.autoscaler = digest_of(all);
  desired.breakdown[desired.autoscaler] = std::move(fields);
}

}  // namespace rayctl
