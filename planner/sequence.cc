#include "planner/sequence.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "planner/canary.h"
#include "planner/step_writer.h"

namespace rayctl::planning {
namespace {

class Sequencer {
 public:
  Sequencer(const Inputs& in, const Roster& roster, HeadCycle cycle, Changes& changes,
            const ResourceWorks& resources, Plan& plan)
      : in_(in),
        roster_(roster),
        cycle_(cycle),
        resources_(resources),
        writer_(in, roster, changes, plan) {
    for (const NodeTypeName& type : types_that_try_first(in, roster))
      trials_[type.text];
  }

  void run() {
    writer_.make_resources(resources_.make);
    bookkeeping();
    if (in_.desired.destroy) {
      destroy();
    } else {
      const bool switches = cycle_ == HeadCycle::kSwitches;
      if (switches) removals();
      if (switches) {
        switch_head();
      } else {
        start_head();
      }
      workers();
      if (!switches) removals();
      replacements();
      if (wants_autoscaler()) writer_.autoscaler(in_.desired.program.empty() ? -1 : head_last());
    }
    writer_.remove_resources(resources_.remove);
    writer_.close_ops();
  }

  int unchanged() const {
    int count = 0;
    for (int i = 0; i < size(); ++i) {
      const bool lives = at(i).node != nullptr && at(i).node->presence != Presence::kGone;
      if (lives && writer_.track(i).last < 0) ++count;
    }
    return count;
  }

 private:
  int size() const { return static_cast<int>(roster_.works.size()); }
  const Work& at(int i) const { return roster_.works[static_cast<std::size_t>(i)]; }
  bool is(int i, Fate fate) const { return at(i).chosen && at(i).fate == fate; }

  /// The last step on the head that stays or comes; -1 if there is none.
  int head_last() const {
    int last = -1;
    for (int i = 0; i < size(); ++i) {
      const bool goes = is(i, Fate::kRemove) || is(i, Fate::kReplace) || is(i, Fate::kForget);
      if (at(i).head && !goes) last = std::max(last, writer_.track(i).last);
    }
    return last;
  }

  bool replaces_head() const {
    for (int i = 0; i < size(); ++i) {
      if (at(i).head && is(i, Fate::kReplace)) return true;
    }
    return false;
  }

  bool wants_autoscaler() const {
    const bool differs = in_.desired.autoscaler != in_.snapshot.autoscaler;
    // The program on a head goes with it.
    const bool gone =
        in_.options.autoscaler_down || (!in_.desired.program.empty() && replaces_head());
    return (differs || gone) && !in_.desired.autoscaler.empty() && in_.options.target.empty() &&
           !in_.options.restart_only;
  }

  void bookkeeping() {
    for (int i = 0; i < size(); ++i) {
      if (is(i, Fate::kForget)) writer_.forget(i);
    }
    for (int i = 0; i < size(); ++i) {
      const bool adopted = at(i).node != nullptr && at(i).node->adopted && at(i).chosen;
      if (adopted && !in_.options.restart_only) writer_.adopt(i);
    }
  }

  // Ends ---------------------------------------------------------------------------------------

  /// Ray is asked to move work away only from a node that it sees alive; where the node goes only
  /// if it is idle, always, unless Ray says that it is down on it.
  bool drains(int i) const {
    const NodeView& node = *at(i).node;
    if (at(i).if_idle) return node.ray_state != RayState::kDown;
    if (node.record->phase == Phase::kDraining) return false;  // it was
    return node.presence == Presence::kAlive && node.ray != nullptr &&
           node.ray->state != RayNode::State::kDead;
  }

  void destroy() {
    std::vector<int> ends;
    for (int i = 0; i < size(); ++i) {
      if (!is(i, Fate::kRemove) || at(i).head) continue;
      writer_.terminate(i, -1);
      ends.push_back(writer_.track(i).last);
    }
    for (int i = 0; i < size(); ++i) {
      if (is(i, Fate::kRemove) && at(i).head) writer_.terminate(i, -1, ends);
    }
  }

  void removals() {
    for (int i = 0; i < size(); ++i) {
      if (!is(i, Fate::kRemove)) continue;
      if (!at(i).head && drains(i)) {
        writer_.drain(i, -1);
        drained_.push_back(writer_.track(i).last);
      }
      writer_.terminate(i, -1);
    }
  }

  // Set-up that is tried on one node first ------------------------------------------------------

  struct Trial {
    int work = -1;          ///< who goes first
    int set_up = -1;        ///< its SetUpNode
    std::vector<int> back;  ///< StartRay of the nodes that were restarted for it
  };

  Trial* trial_of(int i) {
    if (at(i).head || !at(i).needs.setup) return nullptr;
    const auto trial = trials_.find(at(i).type.text);
    return trial == trials_.end() ? nullptr : &trial->second;
  }

  /// The step after which a node may be disturbed for the sake of its set-up.
  int tried(int i) {
    const Trial* trial = trial_of(i);
    return trial == nullptr ? -1 : trial->set_up;
  }

  void set_up(int i) {
    Trial* trial = trial_of(i);
    writer_.set_up(i, trial == nullptr ? -1 : trial->work, tried(i));
    if (trial == nullptr || trial->set_up >= 0) return;
    trial->work = i;
    trial->set_up = writer_.track(i).last;
  }

  /// In a trial, no more than max_unavailable nodes restart at once.
  void restart_in_turn(int i) {
    const Trial* trial = trial_of(i);
    std::vector<int> others;
    int after = -1;
    if (trial != nullptr) {
      if (trial->set_up >= 0) others.push_back(trial->set_up);
      if (trial->back.size() >= rows()) after = trial->back[trial->back.size() - rows()];
    }
    writer_.stop(i, after, others);
  }

  std::size_t rows() const {
    return static_cast<std::size_t>(std::max(1, in_.desired.max_unavailable));
  }

  // The head -----------------------------------------------------------------------------------

  /// Container, files and setup, as far as needed.
  void make_ready(int i) {
    const Needs& needs = at(i).needs;
    if (needs.container) writer_.container(i);
    if (needs.files) writer_.files(i);
    if (needs.setup) set_up(i);
  }

  /// What can be done to a node while Ray on it still runs.
  void make_ready_beside(int i) {
    if (at(i).needs.stop && !at(i).needs.container) make_ready(i);
  }
  void make_ready_stopped(int i) {
    if (!at(i).needs.stop || at(i).needs.container) make_ready(i);
  }

  const Launch* launch_of(int work) const {
    for (const Launch& launch : roster_.launches) {
      if (std::find(launch.works.begin(), launch.works.end(), work) != launch.works.end())
        return &launch;
    }
    return nullptr;
  }

  void start_head() {
    const int head = roster_.head;
    if (head < 0 || !at(head).chosen) return;
    if (at(head).fate == Fate::kCreate) {
      int after = -1;
      if (at(head).partner >= 0) {
        writer_.terminate(at(head).partner, -1);
        after = writer_.track(at(head).partner).last;
      }
      new_head(head, after);
    } else if (at(head).fate == Fate::kKeep) {
      make_ready_beside(head);
      if (at(head).needs.stop) writer_.stop(head, -1);
      make_ready_stopped(head);
      if (at(head).needs.start) writer_.start(head, -1);
    }
    head_ = writer_.track(head);
  }

  void new_head(int head, int after) {
    if (const Launch* launch = launch_of(head)) writer_.create(*launch, after);
    make_ready(head);
    writer_.start(head, -1);
  }

  /// Prepares everything first, then stops the workers, then the head; then the head starts.
  void switch_head() {
    const int head = roster_.head;
    const bool replaced = at(head).fate == Fate::kCreate;
    const int old = replaced ? at(head).partner : head;
    std::vector<int> ready;
    if (!replaced) make_ready_beside(head);
    if (writer_.track(old).last >= 0) ready.push_back(writer_.track(old).last);
    std::vector<int> stopping;
    for (int i = 0; i < size(); ++i) {
      if (!at(i).chosen || at(i).head || !at(i).needs.stop) continue;
      stopping.push_back(i);
      if (at(i).fate == Fate::kKeep) make_ready_beside(i);
      if (writer_.track(i).last >= 0) ready.push_back(writer_.track(i).last);
    }
    std::vector<int> stopped = drained_;
    int first = -1;
    for (const int i : stopping) {
      writer_.stop(i, first, first < 0 ? ready : std::vector<int>{});
      if (first < 0) first = writer_.track(i).stop;
      stopped.push_back(writer_.track(i).stop);
    }
    if (stopping.empty()) stopped.insert(stopped.end(), ready.begin(), ready.end());
    if (replaced) {
      writer_.terminate(old, -1, stopped);
      new_head(head, writer_.track(old).last);
    } else {
      writer_.stop(head, -1, stopped);
      make_ready_stopped(head);
      writer_.start(head, -1);
    }
    head_ = writer_.track(head);
  }

  // Workers ------------------------------------------------------------------------------------

  void workers() {
    for (const Launch& launch : roster_.launches) {
      const Work& first = at(launch.works.front());
      if (!first.head && first.partner < 0) writer_.create(launch, -1);
    }
    for (int i = 0; i < size(); ++i) {
      if (!at(i).chosen || at(i).head) continue;
      if (at(i).fate == Fate::kKeep) {
        refresh(i);
      } else if (at(i).fate == Fate::kReplace && at(i).needs.stop) {
        if (writer_.track(i).stop < 0) writer_.stop(i, -1);
        writer_.start(i, head_.start);
      } else if (at(i).fate == Fate::kCreate && at(i).partner < 0) {
        bring_up(i);
      }
    }
  }

  void refresh(int i) {
    if (writer_.track(i).stop < 0) {
      make_ready_beside(i);
      if (at(i).needs.stop) restart_in_turn(i);
    }
    make_ready_stopped(i);
    if (at(i).needs.start) writer_.start(i, head_.start);
    if (Trial* trial = trial_of(i); trial != nullptr && at(i).needs.stop && at(i).needs.start) {
      trial->back.push_back(writer_.track(i).start);
    }
    if (at(i).needs.synced) writer_.synced(i, head_.last);
  }

  void bring_up(int i) {
    const Needs& needs = at(i).needs;
    if (needs.container) writer_.container(i);
    if (needs.files) writer_.files(i);
    if (needs.synced) writer_.synced(i, head_.last);
    if (needs.setup) set_up(i);
    writer_.start(i, head_.start);
  }

  /// One after the other in max_unavailable rows: never more than that many are away at once, and a
  /// row in which a replacement fails stops.
  void replacements() {
    std::vector<int> back;  // StartRay of each new node
    for (int i = 0; i < size(); ++i) {
      if (!is(i, Fate::kReplace) || at(i).head) continue;
      const int fresh = at(i).partner;
      const int after = back.size() < rows() ? tried(fresh) : back[back.size() - rows()];
      const bool drained = drains(i) || writer_.track(i).start >= 0;
      if (drained) writer_.drain(i, after);
      writer_.terminate(i, drained ? -1 : after);
      replace_with(fresh, writer_.track(i).last);
      back.push_back(writer_.track(fresh).start);
    }
  }

  void replace_with(int fresh, int after) {
    const Launch& launch = *partner_launch(fresh);
    writer_.create(launch, after);
    bring_up(fresh);
  }

  /// Launches of replacements are in the order of the works.
  const Launch* partner_launch(int fresh) {
    while (next_launch_ < roster_.launches.size()) {
      const Launch& launch = roster_.launches[next_launch_++];
      if (launch.works.front() == fresh) return &launch;
    }
    return launch_of(fresh);
  }

  const Inputs& in_;
  const Roster& roster_;
  const HeadCycle cycle_;
  const ResourceWorks& resources_;
  StepWriter writer_;
  StepWriter::Track head_;
  std::vector<int> drained_;
  std::size_t next_launch_ = 0;
  std::map<std::string, Trial> trials_;
};

/// What to make room for.
std::size_t most_steps(const Roster& roster) {
  std::size_t most = roster.launches.size() + 1;
  for (const Work& work : roster.works) {
    const Needs& needs = work.needs;
    for (const bool need :
         {needs.container, needs.files, needs.setup, needs.stop, needs.start, needs.synced,
          work.fate == Fate::kRemove, work.fate == Fate::kReplace}) {
      most += need ? 1 : 0;
    }
    const bool ends =
        work.fate == Fate::kRemove || work.fate == Fate::kReplace || work.fate == Fate::kForget;
    most += ends ? 1 : 0;
    most += work.node != nullptr && work.node->adopted ? 1 : 0;
  }
  return most;
}

}  // namespace

void write_steps(const Inputs& in, const Roster& roster, HeadCycle cycle, Changes& changes,
                 const ResourceWorks& resources, Plan& plan) {
  plan.steps.reserve(most_steps(roster) + resources.make.size() + resources.remove.size());
  Sequencer sequencer(in, roster, cycle, changes, resources, plan);
  sequencer.run();
  plan.nodes_unchanged = sequencer.unchanged();
}

}  // namespace rayctl::planning
