#pragma once
#include <optional>
#include <string>

#include "model/json.h"
#include "model/plan.h"

namespace rayctl {

/// What a plan comes to, in nodes.
struct PlanSummary {
  int launch = 0;    ///< machines made
  int update = 0;    ///< machines that stay and are changed
  int remove = 0;    ///< machines ended (a replaced one counts here and in launch)
  int records = 0;   ///< records put right; touches no machine
  int restart = 0;   ///< of the updated ones, those on which Ray stops
  int existing = 0;  ///< machines that are there now
  int make_resources = 0, remove_resources = 0;  ///< beside machines
  bool limits = false;  ///< the autoscaler's limits change; disturbs nobody
  bool operator==(const PlanSummary&) const = default;
};
PlanSummary summarize(const Plan& plan);

/// "Plan: 2 to launch, 1 to update, 0 to remove. Ray restarts on 1 of 3 nodes.", or "No changes."
std::string summary_line(const Plan& plan);
/// Nothing to do at all.
bool is_empty(const Plan& plan);

/// The plan as `plan --json` and `plan --out` write it: the model's record with "summary" and
/// "source" (the YAML it was made from and the flags that shaped it) added.
struct PlanSource {
  std::string file;          ///< absolute path of the YAML
  std::string cluster_name;  ///< -n, or ""
  Overrides overrides;
  std::string autoscaler;  ///< --autoscaler, or ""
  bool operator==(const PlanSource&) const = default;
};
Json plan_json(const Plan& plan, const PlanSource& source);
/// nullopt where the JSON was not written by plan_json.
std::optional<PlanSource> plan_source(const Json& json);

}  // namespace rayctl
