#include "planner/step_writer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "planner/disturbance.h"

namespace rayctl::planning {
namespace {

/// Whether a step does something to a machine, which the resources of the cluster make possible.
bool needs_resources(const Action& action) {
  return !nodes_of(action).empty() && !std::holds_alternative<ForgetNode>(action) &&
         !std::holds_alternative<TerminateNode>(action);
}

/// Of the steps in `made`, in the order of the plan's resources, those that make what is needed.
void follow_needs(Step& step, const std::vector<ResourceName>& needs, const std::vector<int>& made,
                  const std::vector<Step>& steps) {
  for (const int id : made) {
    const auto& other = std::get<MakeResource>(steps[static_cast<std::size_t>(id)].action);
    if (std::find(needs.begin(), needs.end(), other.resource) != needs.end()) {
      step.after.push_back(id);
    }
  }
}

}  // namespace

StepWriter::StepWriter(const Inputs& in, const Roster& roster, Changes& changes, Plan& plan)
    : in_(in),
      roster_(roster),
      changes_(changes),
      plan_(plan),
      ops_(in.snapshot),
      tracks_(roster.works.size()) {}

Step& StepWriter::add(Action action, Why why, After after) {
  Step step{.id = steps()};
  step.resume = ops_.take(action);
  step.action = std::move(action);
  step.reason = step.resume ? Reason::kResume : why.reason;
  step.because = std::move(why.because);
  step.fields = std::move(why.fields);
  for (const int id : after) {
    if (id >= 0 && std::find(step.after.begin(), step.after.end(), id) == step.after.end()) {
      step.after.push_back(id);
    }
  }
  std::sort(step.after.begin(), step.after.end());
  if (step.after.empty() && needs_resources(step.action)) step.after = foundations_;
  plan_.steps.push_back(std::move(step));
  return plan_.steps.back();
}

void StepWriter::make_resources(const std::vector<ResourceWork>& works) {
  std::vector<int> made;
  for (const ResourceWork& work : works) {
    Step& step = add(work.action, {work.reason, work.because, {}}, {});
    follow_needs(step, work.spec.needs, made, plan_.steps);
    made.push_back(step.id);
    plan_.resources.emplace(work.spec.name, work.spec);
  }
  foundations_ = std::move(made);
}

void StepWriter::remove_resources(const std::vector<ResourceWork>& works) {
  std::vector<int> ends;
  for (const Step& step : plan_.steps) {
    if (std::holds_alternative<TerminateNode>(step.action)) ends.push_back(step.id);
  }
  for (const ResourceWork& work : works) {
    Step& step = add(work.action, {work.reason, work.because, {}}, {});
    step.after = ends;
    ends.push_back(step.id);
    plan_.resources.emplace(work.spec.name, work.spec);
  }
}

Step& StepWriter::add_to(int work, Action action, Why why, After after) {
  Track& track = tracks_[static_cast<std::size_t>(work)];
  const bool first = track.last < 0;
  Step& step = add(std::move(action), std::move(why), after);
  if (!first && step.after == foundations_) step.after.clear();
  if (track.last >= 0 && !std::binary_search(step.after.begin(), step.after.end(), track.last)) {
    step.after.insert(std::lower_bound(step.after.begin(), step.after.end(), track.last),
                      track.last);
  }
  step.pre = precondition(at(work), first);
  track.last = step.id;
  return step;
}

const SpecDigests& StepWriter::applied(const Work& work) const {
  static const SpecDigests kNothing;
  return work.node == nullptr ? kNothing : work.node->record->applied;
}

Precondition StepWriter::precondition(const Work& work, bool first) const {
  Precondition pre;
  if (work.node == nullptr || work.node->presence == Presence::kGone) return pre;
  if (work.node->presence == Presence::kExpected) return pre;  // not listed: nothing to compare
  pre.id = work.node->record->id;
  if (in_.desired.destroy || work.node->machine == nullptr) return pre;
  const Power power = work.node->machine->power;
  if (power == Power::kRunning || power == Power::kStopped) pre.power = power;
  // Later steps of the node follow this one, so that what it checks holds for them too.
  if (first && !work.node->adopted) pre.last_applied = in_.snapshot.nodes.at(work.name).applied;
  return pre;
}

StepWriter::Why StepWriter::because_of(const Work& work, const Digest& before, const Digest& after,
                                       std::string_view effect) {
  Why why{.reason = work.reason, .because = work.because};
  if (work.fate == Fate::kCreate) {
    why.fields = work.fields;
    return why;
  }
  why.fields = changes_.fields(before, after, effect);
  if (why.because.empty()) why.because = join(why.fields, ", ") + " changed";
  return why;
}

void StepWriter::forget(int work) {
  add_to(work, ForgetNode{at(work).name}, {at(work).reason, at(work).because, {}}, {});
}

void StepWriter::adopt(int work) {
  const NodeView& node = *at(work).node;
  Step& step = add_to(work, AdoptNode{node.name, node.type, node.record->id},
                      {Reason::kFoundUnrecorded,
                       "machine " + node.record->id.text + " is ours and no record knows it",
                       {}},
                      {});
  step.pre = {};
}

void StepWriter::create(const Launch& launch, int after) {
  CreateNodes action{launch.type, launch.names};
  int first = -1;
  for (const int work : launch.works) {
    if (!at(work).chosen) continue;
    if (first < 0) first = work;
    if (!launch.resume) action.nodes.push_back(at(work).name);
  }
  if (first < 0) return;
  Step& step =
      add(std::move(action), {at(first).reason, at(first).because, at(first).fields}, {after});
  if (launch.resume) {
    ops_.take(*launch.resume);
    step.resume = launch.resume;
    step.reason = Reason::kResume;
  } else if (step.resume) {
    step.resume.reset();
  }
  for (const int work : launch.works) {
    if (at(work).chosen) tracks_[static_cast<std::size_t>(work)].last = step.id;
  }
}

void StepWriter::container(int work) {
  const Work& w = at(work);
  const Digest& want = w.spec->digests.docker;
  Step& step = add_to(work, PrepareContainer{w.name, want},
                      because_of(w, applied(w).docker, want, "docker"), {});
  if (w.node != nullptr && started(*w.node->record) && track(work).stop < 0) {
    step.disturbs = disturbance(in_, *w.node);
  }
}

void StepWriter::files(int work) {
  const Work& w = at(work);
  const Digest& want = w.spec->digests.files;
  const bool own = applied(w).files != want;
  Why why = own ? because_of(w, applied(w).files, want, "files")
                : because_of(w, applied(w).docker, w.spec->digests.docker, "docker");
  // A new container is empty.
  const auto sends =
      in_.desired.sends.find({w.needs.container ? Digest{} : applied(w).files, want});
  if (sends == in_.desired.sends.end()) {
    add_to(work, SyncFiles{w.name, want}, std::move(why), {});
    return;
  }
  const bool changed = own && w.fate != Fate::kCreate && w.because.empty();
  if (changed && !sends->second.empty()) {
    why.because.clear();
    for (const MountChange& each : sends->second) {
      why.because += (why.because.empty() ? "file_mounts " : "; file_mounts ") + each.mount + ": " +
                     to_text(each.delta);
    }
  }
  add_to(work, SyncFiles{w.name, want}, std::move(why), {}).sends = sends->second;
}

void StepWriter::set_up(int work, int first, int after) {
  const Work& w = at(work);
  const Digest& want = w.spec->digests.setup;
  const bool own = applied(w).setup != want;
  Why why = own ? because_of(w, applied(w).setup, want, "setup")
                : because_of(w, applied(w).docker, w.spec->digests.docker, "docker");
  if (first >= 0) why.because += "; " + at(first).name.text + " goes first";
  add_to(work, SetUpNode{w.name, want}, std::move(why), {after});
}

void StepWriter::synced(int work, int after) {
  const Work& w = at(work);
  const Digest& want = w.spec->digests.synced;
  Step& step = add_to(work, SyncFromHead{w.name, want},
                      because_of(w, applied(w).synced, want, "synced"), {after});
  if (w.node != nullptr) step.disturbs = "nobody";
}

void StepWriter::stop(int work, int after, const std::vector<int>& barrier) {
  const Work& w = at(work);
  Step& step = add_to(work, StopRay{w.name},
                      {w.restart_reason, w.restart_because, w.restart_fields}, {after});
  step.after.insert(step.after.end(), barrier.begin(), barrier.end());
  std::sort(step.after.begin(), step.after.end());
  step.after.erase(std::unique(step.after.begin(), step.after.end()), step.after.end());
  step.disturbs = disturbance(in_, *w.node);
  tracks_[static_cast<std::size_t>(work)].stop = step.id;
}

void StepWriter::start(int work, int after) {
  const Work& w = at(work);
  Why why = w.fate == Fate::kCreate ? Why{w.reason, w.because, w.fields}
                                    : Why{w.restart_reason, w.restart_because, w.restart_fields};
  const Step& step = add_to(work, StartRay{w.name, w.spec->digests.start}, std::move(why), {after});
  tracks_[static_cast<std::size_t>(work)].start = step.id;
}

void StepWriter::drain(int work, int after) {
  const Work& w = at(work);
  Step& step =
      add_to(work, DrainNode{w.name, w.node->record->id, in_.desired.drain_patience, w.if_idle},
             {w.reason, w.because, w.fields}, {after});
  step.disturbs = disturbance(in_, *w.node);
}

void StepWriter::terminate(int work, int after, const std::vector<int>& barrier) {
  const Work& w = at(work);
  const bool first = track(work).last < 0 || w.node->adopted;
  const bool may_return = !w.head && !in_.desired.destroy && w.fate == Fate::kRemove &&
                          (w.reason == Reason::kNotWanted || w.reason == Reason::kReleased);
  Step& step = add_to(work, TerminateNode{w.name, w.node->record->id, may_return},
                      {w.reason, w.because, w.fields}, {after});
  step.after.insert(step.after.end(), barrier.begin(), barrier.end());
  std::sort(step.after.begin(), step.after.end());
  step.after.erase(std::unique(step.after.begin(), step.after.end()), step.after.end());
  if (first) step.disturbs = disturbance(in_, *w.node);
}

void StepWriter::autoscaler(int after) {
  const bool is_new = in_.snapshot.autoscaler.empty();
  const std::string before = working_program(in_.snapshot);
  const std::string now = wanted_program(in_.desired);
  const bool takes_over = !before.empty() && !now.empty() && before != now;
  Step& step =
      add(ConfigureAutoscaler{in_.desired.autoscaler,
                              takes_over ? "rayctl " + before + " -> " + now : in_.desired.program},
          {Reason::kOutOfDate, "",
           changes_.fields(in_.snapshot.autoscaler, in_.desired.autoscaler, "autoscaler")},
          {after});
  // Whatever changed, the config did: that says something only where nothing else does.
  if (step.fields.size() > 1) std::erase(step.fields, "config");
  if (is_new) {
    step.because =
        in_.desired.program.empty() ? "the autoscaler has no limits yet" : "no autoscaler runs yet";
    step.reason = Reason::kMissing;
    step.fields.clear();
  } else if (in_.snapshot.autoscaler == in_.desired.autoscaler) {
    step.because = in_.options.autoscaler_down ? "the autoscaler is down" : "its machine goes";
  } else {
    step.because = join(step.fields, ", ") + " changed";
  }
  step.disturbs = "nobody";
}

}  // namespace rayctl::planning
