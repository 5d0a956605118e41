#include "planner/head_cycle.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace rayctl::planning {
namespace {

bool matches(const std::vector<std::string>& globs, const Work& work) {
  return planning::matches(globs, work.name, work.type);
}

class Follower {
 public:
  Follower(const Inputs& in, Roster& roster) : in_(in), roster_(roster) {}

  HeadCycle run() {
    const HeadCycle cycle = cycle_of_head();
    if (filtered()) {
      choose(cycle);
      say_what_is_left_out();
    }
    const bool goes_on = cycle != HeadCycle::kNone && roster_.works[head()].chosen;
    if (goes_on) restart_workers();
    if (!in_.desired.destroy && !head_runs(cycle, goes_on)) hold_back();
    return goes_on ? cycle : HeadCycle::kNone;
  }

 private:
  std::size_t head() const { return static_cast<std::size_t>(roster_.head); }
  bool filtered() const { return !in_.options.target.empty() || !in_.options.exclude.empty(); }

  HeadCycle cycle_of_head() const {
    if (roster_.head < 0 || in_.desired.destroy) return HeadCycle::kNone;
    const Work& work = roster_.works[head()];
    if (work.fate == Fate::kCreate) {
      if (work.partner < 0) return HeadCycle::kStarts;
      const Work& old = roster_.works[static_cast<std::size_t>(work.partner)];
      const bool runs = old.node->presence == Presence::kAlive && started(*old.node->record) &&
                        old.node->ray_state != RayState::kDown;
      return runs ? HeadCycle::kSwitches : HeadCycle::kStarts;
    }
    if (work.fate != Fate::kKeep || !work.needs.start) return HeadCycle::kNone;
    const bool runs = started(*work.node->record) && work.node->ray_state != RayState::kDown;
    return runs ? HeadCycle::kSwitches : HeadCycle::kStarts;
  }

  /// The head runs when the workers of this plan start.
  bool head_runs(HeadCycle cycle, bool goes_on) const {
    if (roster_.head < 0) return false;
    if (goes_on) return true;
    if (cycle == HeadCycle::kStarts) return false;
    const std::size_t old = cycle == HeadCycle::kSwitches && roster_.works[head()].partner >= 0
                                ? static_cast<std::size_t>(roster_.works[head()].partner)
                                : head();
    const NodeView* node = roster_.works[old].node;
    return node != nullptr && started(*node->record) && node->presence != Presence::kStopping &&
           node->presence != Presence::kStopped && node->presence != Presence::kGone &&
           (node->machine == nullptr || node->machine->unseen.empty());
  }

  static bool may_follow(const Work& work) {
    return !work.head && work.spec != nullptr && work.node != nullptr &&
           work.node->presence == Presence::kAlive && started(*work.node->record) &&
           (work.fate == Fate::kKeep || work.fate == Fate::kReplace);
  }

  void choose(HeadCycle cycle) {
    const auto& options = in_.options;
    for (Work& work : roster_.works) {
      const Work* partner =
          work.partner < 0 ? nullptr : &roster_.works[static_cast<std::size_t>(work.partner)];
      const bool in = options.target.empty() || matches(options.target, work) ||
                      (partner != nullptr && matches(options.target, *partner));
      work.chosen = in && !excluded(work);
    }
    if (cycle == HeadCycle::kNone) return;
    Work& first = roster_.works[head()];
    const bool needed =
        std::any_of(roster_.works.begin(), roster_.works.end(), [](const Work& work) {
          return work.chosen && !work.head && (work.needs.start || work.fate == Fate::kReplace);
        });
    if (cycle == HeadCycle::kStarts && needed && !excluded(first)) set_chosen(first);
    if (cycle == HeadCycle::kNone || !first.chosen) return;
    for (Work& work : roster_.works) {
      if (may_follow(work) && !excluded(work)) set_chosen(work);
    }
  }

  void set_chosen(Work& work) {
    work.chosen = true;
    if (work.partner >= 0) roster_.works[static_cast<std::size_t>(work.partner)].chosen = true;
  }

  bool excluded(const Work& work) const {
    const auto& globs = in_.options.exclude;
    if (globs.empty()) return false;
    return matches(globs, work) ||
           (work.partner >= 0 &&
            matches(globs, roster_.works[static_cast<std::size_t>(work.partner)]));
  }

  void restart_workers() {
    const bool replaced = roster_.works[head()].fate == Fate::kCreate;
    const std::string because = replaced ? "it joins the new head" : "its head restarts";
    const std::string flag = in_.options.no_restart ? "--no-restart" : "--target or --exclude";
    const std::string left_out_because = flag + ": " + because;
    for (Work& work : roster_.works) {
      if (!may_follow(work) || work.needs.stop) continue;
      if (in_.options.no_restart || !work.chosen) {
        roster_.left_out.push_back({work.name, "restart Ray", left_out_because});
        continue;
      }
      work.needs.stop = work.needs.start = true;
      work.restart_reason = Reason::kHeadRestarts;
      work.restart_because = because;
    }
  }

  /// Without a head nothing can join: nothing is made, and what runs is left running.
  void hold_back() {
    for (Work& work : roster_.works) {
      if (work.head || !work.chosen) continue;
      if (work.fate == Fate::kCreate && work.partner < 0) {
        work.chosen = false;
        roster_.left_out.push_back(
            {work.name, "create", "there is no running head that it could join"});
      } else if (work.fate == Fate::kReplace) {
        work.chosen = false;
        roster_.works[static_cast<std::size_t>(work.partner)].chosen = false;
        roster_.left_out.push_back(
            {work.name, "replace", "there is no running head that it could join"});
      } else if (work.fate == Fate::kKeep && work.needs.start) {
        if (work.needs.stop) {
          work.needs = needs_beside_ray(*work.node->record, work.spec->digests);
        }
        work.needs.start = work.needs.synced = false;
        roster_.left_out.push_back(
            {work.name, "start Ray", "there is no running head that it could join"});
      }
    }
  }

  void say_what_is_left_out() {
    for (const Work& work : roster_.works) {
      if (work.chosen || (work.fate == Fate::kCreate && work.partner >= 0)) continue;
      const char* what = what_of(work);
      if (what != nullptr) roster_.left_out.push_back({work.name, what, "--target or --exclude"});
    }
  }

  static const char* what_of(const Work& work) {
    switch (work.fate) {
      case Fate::kLeave:
        return nullptr;
      case Fate::kCreate:
        return "create";
      case Fate::kRemove:
        return "remove";
      case Fate::kReplace:
        return "replace";
      case Fate::kForget:
        return "forget";
      case Fate::kKeep:
        break;
    }
    if (work.needs.stop) return "restart Ray";
    return work.needs.any() ? "change" : nullptr;
  }

  const Inputs& in_;
  Roster& roster_;
};

}  // namespace

HeadCycle follow_head(const Inputs& in, Roster& roster) {
  return Follower(in, roster).run();
}

}  // namespace rayctl::planning
