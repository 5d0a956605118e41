#include <algorithm>

#include "base/version.h"
#include "planner/changes.h"
#include "planner/head_cycle.h"
#include "planner/planner.h"
#include "planner/resources.h"
#include "planner/sequence.h"
#include "planner/survey.h"

namespace rayctl {
namespace planning {
namespace {

/// Everything in a plan that does not depend on what is done.
Plan basis(const Inputs& in, const Survey& survey) {
  Plan plan;
  plan.lineage = in.snapshot.lineage;
  plan.epoch = in.snapshot.epoch;
  plan.config = in.desired.config;
  plan.made_at = in.observed.at;
  plan.cluster = in.desired.cluster;
  plan.cluster_id = survey.cluster_id;
  plan.head_type = in.desired.head_type;
  plan.destroy = in.desired.destroy;
  plan.breakdown = in.desired.breakdown;
  plan.autoscaler = in.desired.autoscaler;
  plan.overrides = in.options.overrides;
  plan.images = in.desired.images;
  return plan;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

void append(std::vector<Diagnostic>& to, const std::vector<Diagnostic>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

void add_specs(const Inputs& in, const Roster& roster, Plan& plan) {
  if (plan.steps.empty()) return;
  const NodeSpec* last = nullptr;
  for (const Work& work : roster.works) {
    if (work.spec == nullptr || work.spec == last) continue;
    last = work.spec;
    plan.specs.try_emplace(last->type, *last);
  }
  const NodeSpec* head = spec_of(in.desired, in.desired.head_type);
  if (head != nullptr) plan.specs.try_emplace(head->type, *head);
}

/// Only where Ray should answer: not before the head's Ray was started, nor when it is known to be
/// down.
void say_ray_unreachable(const Inputs& in, const Survey& survey, Plan& plan) {
  if (!in.observed.ray || in.observed.ray->ok()) return;
  for (const NodeView& node : survey.nodes) {
    if (!node.head || !started(*node.record) || node.ray_state == RayState::kDown) continue;
    plan.blind_spots.push_back("Ray could not be asked: " + in.observed.ray->error().message);
    return;
  }
}

/// Where it is not known what a launch builds on, nothing is launched.
void block_blind_launches(const Inputs& in, Plan& plan) {
  const bool launches = std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    return std::holds_alternative<CreateNodes>(step.action);
  });
  if (!launches) return;
  for (const auto& [provider, resources] : in.observed.resources) {
    if (resources) continue;
    plan.blocked.push_back({.summary = "what new machines of " + provider.text +
                                       " need could not be seen: " + resources.error().message,
                            .remedy = "see to that, then plan again",
                            .code = resources.error().code});
  }
}

/// What a newer program does is not undone by an older one; a removal of all undoes nothing.
void block_older_program(const Inputs& in, Plan& plan) {
  if (in.desired.destroy) return;
  const std::string now = wanted_program(in.desired);
  const std::string newer = working_program(in.snapshot);
  if (!older_version(now, newer)) return;
  plan.blocked.push_back(
      {.summary = "this is rayctl " + now + ", and rayctl " + newer + " works on this cluster",
       .remedy = "use that version or a later one",
       .code = ErrorCode::kOlderProgram});
}

Plan plan_for(const Inputs& in) {
  Survey found = survey(in);
  Changes changes(in);
  Roster roster = decide_fates(in, found, changes);
  decide_needs(in, roster, changes);
  const HeadCycle cycle = follow_head(in, roster);

  ResourceWorks resources = compare_resources(in, found.cluster_id);

  Plan plan = basis(in, found);
  write_steps(in, roster, cycle, changes, resources, plan);
  add_specs(in, roster, plan);
  plan.left_out = std::move(roster.left_out);
  plan.blind_spots = found.blind_spots;
  append(plan.blind_spots, roster.blind_spots);
  say_ray_unreachable(in, found, plan);
  plan.blocked = std::move(found.blocked);
  append(plan.blocked, roster.blocked);
  append(plan.blind_spots, resources.blind_spots);
  append(plan.blocked, resources.blocked);
  plan.notes = std::move(resources.notes);
  for (const auto& [name, meaning] : in.desired.images)
    plan.notes.push_back("image " + name + " is " + meaning);
  block_blind_launches(in, plan);
  block_older_program(in, plan);
  return plan;
}

}  // namespace
}  // namespace planning

Plan make_plan(const Desired& desired, const Snapshot& snapshot, const Observed& observed,
               const PlanOptions& options) {
  return planning::plan_for({desired, snapshot, observed, options});
}

}  // namespace rayctl
