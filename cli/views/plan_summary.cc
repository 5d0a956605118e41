#include "cli/views/plan_summary.h"

#include <set>

#include "base/text.h"
#include "model/codec.h"

namespace rayctl {
namespace {

Json number_or_null(const std::optional<int>& number) {
  return number ? Json(*number) : Json();
}

std::optional<int> number_from(const Json& json) {
  return json.is_number_integer() ? std::optional(json.get<int>()) : std::nullopt;
}

}  // namespace

PlanSummary summarize(const Plan& plan) {
  std::set<NodeName> launched, removed, updated, restarted, forgotten, adopted;
  PlanSummary summary;
  for (const Step& step : plan.steps) {
    std::visit(Overloaded{
                   [&](const CreateNodes& a) { launched.insert(a.nodes.begin(), a.nodes.end()); },
                   [&](const TerminateNode& a) { removed.insert(a.node); },
                   [&](const ForgetNode& a) { forgotten.insert(a.node); },
                   [&](const AdoptNode& a) { adopted.insert(a.node); },
                   [&](const CloseOp&) { ++summary.records; },
                   [&](const ConfigureAutoscaler&) { summary.limits = true; },
                   [&](const MakeResource&) { ++summary.make_resources; },
                   [&](const RemoveResource&) { ++summary.remove_resources; },
                   [&](const StopRay& a) {
                     updated.insert(a.node);
                     restarted.insert(a.node);
                   },
                   [&](const DrainNode&) {},
                   [&](const PrepareContainer& a) { updated.insert(a.node); },
                   [&](const SyncFiles& a) { updated.insert(a.node); },
                   [&](const SyncFromHead& a) { updated.insert(a.node); },
                   [&](const SetUpNode& a) { updated.insert(a.node); },
                   [&](const StartRay& a) { updated.insert(a.node); },
               },
               step.action);
  }
  auto without = [](std::set<NodeName>& from, const std::set<NodeName>& names) {
    for (const NodeName& name : names)
      from.erase(name);
  };
  without(updated, launched);
  without(updated, removed);
  without(restarted, launched);
  without(restarted, removed);
  without(forgotten, removed);
  summary.launch = static_cast<int>(launched.size());
  summary.remove = static_cast<int>(removed.size());
  summary.update = static_cast<int>(updated.size());
  summary.restart = static_cast<int>(restarted.size());
  summary.records += static_cast<int>(forgotten.size() + adopted.size());
  std::set<NodeName> existing = updated;
  existing.insert(removed.begin(), removed.end());
  existing.insert(adopted.begin(), adopted.end());
  summary.existing = static_cast<int>(existing.size()) + plan.nodes_unchanged;
  return summary;
}

bool is_empty(const Plan& plan) {
  return plan.steps.empty() && plan.blocked.empty();
}

std::string summary_line(const Plan& plan) {
  if (plan.steps.empty()) {
    if (!plan.left_out.empty()) {
      return "No changes now; " + plural(plan.left_out.size(), "step") + " left out.";
    }
    if (!plan.blocked.empty()) return "No plan: a decision is needed.";
    if (!plan.blind_spots.empty()) return "No changes, as far as could be seen.";
    return plan.destroy ? "No changes. Nothing is there to remove."
                        : "No changes. The cluster is as the file says.";
  }
  PlanSummary summary = summarize(plan);
  auto text = [](int count) { return std::to_string(count); };
  std::string line = "Plan: " + text(summary.launch) + " to launch, " + text(summary.update) +
                     " to update, " + text(summary.remove) + " to remove";
  if (summary.records > 0) {
    line += ", " + plural(static_cast<std::size_t>(summary.records), "record") + " to put right";
  }
  const auto resources = [&](int count, const char* what) {
    if (count > 0) line += ", " + plural(static_cast<std::size_t>(count), "resource") + what;
  };
  resources(summary.make_resources, " to make or put right");
  resources(summary.remove_resources, " to remove");
  if (summary.limits && summary.launch + summary.update + summary.remove == 0) {
    line += ", new limits to record";
  }
  line += ".";
  if (summary.existing > 0 && !plan.destroy) {
    line += " Ray restarts on " + text(summary.restart) + " of " +
            plural(static_cast<std::size_t>(summary.existing), "node") + ".";
  }
  return line;
}

Json plan_json(const Plan& plan, const PlanSource& source) {
  Json json = to_json(plan);
  PlanSummary summary = summarize(plan);
  json["summary"] = {{"launch", summary.launch},
                     {"update", summary.update},
                     {"remove", summary.remove},
                     {"records", summary.records},
                     {"restart", summary.restart},
                     {"existing", summary.existing},
                     {"limits", summary.limits},
                     {"line", summary_line(plan)},
                     {"make_resources", summary.make_resources},
                     {"remove_resources", summary.remove_resources}};
  json["source"] = {
      {"file", source.file},
      {"cluster_name", source.cluster_name.empty() ? Json() : Json(source.cluster_name)},
      {"min_workers", number_or_null(source.overrides.min_workers)},
      {"max_workers", number_or_null(source.overrides.max_workers)},
      {"autoscaler", source.autoscaler.empty() ? Json() : Json(source.autoscaler)}};
  return json;
}

std::optional<PlanSource> plan_source(const Json& json) {
  auto found = json.find("source");
  if (found == json.end() || !found->is_object()) return std::nullopt;
  PlanSource source;
  source.file =
      found->value("file", Json()).is_string() ? found->at("file").get<std::string>() : "";
  if (source.file.empty()) return std::nullopt;
  Json name = found->value("cluster_name", Json());
  if (name.is_string()) source.cluster_name = name.get<std::string>();
  source.overrides.min_workers = number_from(found->value("min_workers", Json()));
  source.overrides.max_workers = number_from(found->value("max_workers", Json()));
  const Json autoscaler = found->value("autoscaler", Json());
  if (autoscaler.is_string()) source.autoscaler = autoscaler.get<std::string>();
  return source;
}

}  // namespace rayctl
