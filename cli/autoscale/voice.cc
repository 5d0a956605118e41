#include "cli/autoscale/voice.h"

#include <algorithm>
#include <map>
#include <utility>

#include "autoscaler/words.h"

namespace rayctl {
namespace {

constexpr Millis kCall{10'000};

std::string plural(int count, const NodeTypeName& type) {
  return std::to_string(count) + (count == 1 ? " node" : " nodes") + " of type " + type.text;
}

std::string bundles(const Gang& gang) {
  std::map<Resources, int> counts;
  for (const ResourceRequest& bundle : gang.bundles)
    ++counts[bundle.bundle];
  std::string text;
  for (const auto& [bundle, count] : counts)
    text += (text.empty() ? "" : ", ") + in_words(bundle) + "*" + std::to_string(count);
  return text;
}

void add_unmet(const Decision& decision, AutoscalerReport& report) {
  for (const Unmet& unmet : decision.unmet) {
    if (!unmet.impossible) continue;
    switch (unmet.kind) {
      case Unmet::Kind::kDemand:
        report.impossible.push_back(unmet.request);
        break;
      case Unmet::Kind::kGang:
        report.impossible_gangs.push_back(unmet.gang);
        break;
      case Unmet::Kind::kAsked:
        report.impossible_asked.push_back({unmet.request, unmet.count});
        break;
    }
  }
}

}  // namespace

AutoscalerReport report_of(const Load& load, const Snapshot& snapshot, const Fleet& fleet,
                           const Decision& decision) {
  AutoscalerReport report{.load_version = load.version};
  std::map<NodeTypeName, AutoscalerReport::Asked> asked;
  for (const auto& [type, count] : decision.launch) {
    if (count > 0) asked[type] = {.type = type, .count = count, .at = decision.memory.last_tick};
  }
  for (const FleetNode& node : fleet.nodes) {
    if (node.stage == FleetNode::Stage::kAsked) {
      AutoscalerReport::Asked& one = asked[node.type];
      one.type = node.type;
      ++one.count;
      one.at = node.since;
    } else if (node.stage == FleetNode::Stage::kStarting) {
      const auto record = snapshot.nodes.find(node.name);
      report.starting.push_back({.id = node.id,
                                 .type = node.type,
                                 .ip = record == snapshot.nodes.end() ? "" : record->second.ip,
                                 .doing = "starting"});
    }
  }
  for (auto& [type, one] : asked)
    report.asked.push_back(std::move(one));
  for (const auto& [type, places] : decision.memory.trouble) {
    for (const auto& [place, trouble] : places) {
      report.failed.push_back({.type = type,
                               .count = 1,
                               .reason = trouble.what,
                               .begun = trouble.first,
                               .failed = trouble.last});
    }
  }
  add_unmet(decision, report);
  return report;
}

std::vector<Saying> sayings_of(const Fleet& fleet, const Decision& decision) {
  std::vector<Saying> all;
  for (const auto& [type, count] : decision.launch) {
    if (count > 0) {
      all.push_back(
          {.text = "Adding " + std::to_string(count) + " node(s) of type " + type.text + "."});
    }
  }
  std::map<NodeTypeName, int> idle;
  for (const Release& release : decision.release) {
    if (release.cause == Cause::kIdle) ++idle[release.type];
  }
  for (const auto& [type, count] : idle)
    all.push_back({.text = "Removing " + plural(count, type) + " (idle)."});
  for (const Unmet& unmet : decision.unmet) {
    if (!unmet.impossible) continue;
    const bool gang = unmet.kind == Unmet::Kind::kGang;
    const std::string what = gang ? "the placement group with " + bundles(unmet.gang)
                                  : "resource requests " + in_words(unmet.request.bundle) + "*" +
                                        std::to_string(unmet.count);
    all.push_back(
        {.warning = true,
         .text = "No available node types can fulfill " + what + ": " + unmet.because + "."});
  }
  double cpus = 0, gpus = 0;
  for (const FleetNode& node : fleet.nodes) {
    if (node.stage != FleetNode::Stage::kRunning) continue;
    const auto amount = [&](const char* name) {
      const auto found = node.total.find(name);
      return found == node.total.end() ? 0.0 : found->second;
    };
    cpus += amount("CPU");
    gpus += amount("GPU");
  }
  std::string size = "Resized to " + std::to_string(static_cast<long>(cpus)) + " CPUs";
  if (gpus > 0) size += ", " + std::to_string(static_cast<long>(gpus)) + " GPUs";
  all.push_back({.text = size + "."});
  return all;
}

void Voice::forget() {
  version_ = 0;
  last_.clear();
}

Result<> Voice::tell(RayCluster& ray, const CloudNode& head, AutoscalerReport report,
                     const std::vector<Saying>& sayings, Time now) {
  const Time deadline = now + kCall;
  if (version_ == 0) {
    Result<std::int64_t> known = ray.reported_version(deadline);
    if (!known) return known.error();
    version_ = *known;
  }
  report.version = version_ + 1;
  Result<> reported = ray.report(report, deadline);
  version_ = reported ? report.version : 0;
  if (!reported) return reported;

  std::vector<Saying> fresh;
  for (const Saying& saying : sayings) {
    if (std::find(last_.begin(), last_.end(), saying) == last_.end()) fresh.push_back(saying);
  }
  if (!fresh.empty()) {
    Result<RayHeadInfo> info = ray.head_info(deadline);
    if (!info) return info.error();
    Result<> written = write_(head, *info, fresh);
    if (!written) return written;
  }
  last_ = sayings;
  return {};
}

}  // namespace rayctl
