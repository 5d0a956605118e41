#include "planner/roster.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "planner/new_nodes.h"
#include "planner/node_names.h"
#include "planner/open_ops.h"

namespace rayctl::planning {
namespace {

constexpr char kDown[] = "the cluster goes down";

class FateDecider {
 public:
  FateDecider(const Inputs& in, Survey& survey, Changes& changes)
      : in_(in),
        survey_(survey),
        changes_(changes),
        ops_(in.snapshot),
        new_nodes_(in, survey, roster_) {}

  Roster run() {
    roster_.works.reserve(survey_.nodes.size() + 16);
    for (const NodeView& node : survey_.nodes)
      roster_.works.push_back(first_look(node));
    decide_head();
    decide_workers();
    if (head_wanted() && !restart_only()) replace_head();
    replace_workers();
    return std::move(roster_);
  }

 private:
  bool restart_only() const { return in_.options.restart_only && !in_.desired.destroy; }
  bool head_wanted() const { return !in_.desired.destroy || want(in_.desired.head_type) > 0; }

  int want(const NodeTypeName& type) const {
    const auto found = in_.desired.want.find(type);
    return found == in_.desired.want.end() ? 0 : std::max(0, found->second);
  }

  /// A termination that was begun is finished, whatever the counts say now; a drain as well, since
  /// Ray does not take it back. Not one that Ray may have refused: its node may be in use.
  bool going(const NodeView& node) const {
    const CloudId& id = node.record->id;
    const auto ends = [&](const TerminateNode& op) { return op.id == id; };
    const auto drains = [&](const DrainNode& op) { return op.id == id && !op.if_idle; };
    return ops_.any<TerminateNode>(node.name, ends) ||
           (!node.head && ops_.any<DrainNode>(node.name, drains));
  }

  Work first_look(const NodeView& node) {
    Work work{.node = &node, .name = node.name, .type = node.type, .head = node.head};
    work.spec = spec_of(in_.desired, node.head ? in_.desired.head_type : node.type);
    const bool destroy = in_.desired.destroy;
    const std::string& name = node.name.text;
    const std::string machine = "machine " + node.record->id.text;
    switch (node.presence) {
      case Presence::kUnseen:
      case Presence::kForeign:
        break;
      case Presence::kGone:
        work.fate = restart_only() ? Fate::kLeave : Fate::kForget;
        work.reason = going(node) ? Reason::kResume : Reason::kVanished;
        work.because = machine + " is gone";
        break;
      case Presence::kExpected:
        if (!destroy && !going(node)) {
          roster_.blind_spots.push_back(
              name + " was launched a moment ago and is not listed yet; it is left alone");
        }
        break;
      case Presence::kStopping:
        if (!destroy && !going(node)) {
          roster_.blind_spots.push_back(name +
                                        " is stopping; it is left alone until it has stopped");
        }
        break;
      case Presence::kStopped:
        if (node.head || restart_only()) break;
        work.fate = Fate::kRemove;
        work.reason = destroy ? Reason::kDestroy : Reason::kNotWanted;
        work.because = machine + " is stopped";
        if (const std::string why = unwanted_of(work); !why.empty()) work.because = why;
        break;
      case Presence::kAlive:
        if (!restart_only() || !node.adopted) work.fate = Fate::kKeep;
        break;
    }
    const bool there = node.presence == Presence::kAlive || node.presence == Presence::kExpected ||
                       node.presence == Presence::kStopping || node.presence == Presence::kStopped;
    if (there && !restart_only() && going(node)) {
      work.fate = Fate::kRemove;
      work.reason = Reason::kResume;
      work.because = "its removal was begun before";
    }
    return work;
  }

  /// Takes part in the count of its type.
  static bool counts(const Work& work) {
    if (work.fate == Fate::kKeep) return true;
    if (work.fate != Fate::kLeave) return false;
    const Presence presence = work.node->presence;
    return presence == Presence::kUnseen || presence == Presence::kForeign ||
           presence == Presence::kExpected;
  }

  void remove(Work& work, Reason reason, std::string because) {
    work.fate = Fate::kRemove;
    work.reason = reason;
    work.because = std::move(because);
  }

  // The head ---------------------------------------------------------------------------------

  /// Of several machines that say they are the head, the one to believe.
  int best_head() const {
    const auto rank = [&](int i) {
      const Work& work = roster_.works[static_cast<std::size_t>(i)];
      return std::tuple(work.node->presence != Presence::kAlive, work.node->adopted,
                        work.node->record->phase != Phase::kReady, i);
    };
    int best = -1;
    for (int i = 0; i < size() && at(i).head; ++i) {
      const bool candidate = at(i).fate != Fate::kForget && at(i).fate != Fate::kRemove;
      if (candidate && (best < 0 || rank(i) < rank(best))) best = i;
    }
    return best;
  }

  void decide_head() {
    const int head = best_head();
    for (int i = 0; i < size() && at(i).head; ++i) {
      Work& work = at(i);
      const Presence presence = work.node->presence;
      const bool ours = presence != Presence::kUnseen && presence != Presence::kForeign;
      if (work.fate != Fate::kKeep && work.fate != Fate::kLeave) continue;
      if (!head_wanted()) {
        if (ours) remove(work, Reason::kDestroy, kDown);
      } else if (i != head && !in_.desired.destroy && !restart_only() &&
                 (presence == Presence::kAlive || presence == Presence::kStopped)) {
        remove_extra_head(work, at(head));
      }
    }
    if (!head_wanted()) return;
    roster_.head = head;
    if (in_.desired.destroy || restart_only()) return;
    if (head < 0) {
      new_nodes_.create(in_.desired.head_type, 1, head_because());
      if (!roster_.launches.empty()) roster_.head = roster_.launches.back().works.front();
    } else if (at(head).node->presence == Presence::kStopped) {
      renew_stopped_head(head);
    }
  }

  std::string head_because() const {
    for (int i = 0; i < size() && at(i).head; ++i) {
      if (at(i).fate == Fate::kForget) return "the head " + at(i).name.text + " is gone";
    }
    return "there is no head";
  }

  void remove_extra_head(Work& work, const Work& head) {
    const std::string what = work.name.text + " is a second head beside " + head.name.text;
    if (in_.options.replace_head) {
      remove(work, Reason::kNotWanted, what);
      return;
    }
    work.fate = Fate::kLeave;
    roster_.blocked.push_back({.summary = what,
                               .remedy = "give --replace-head to remove " + work.name.text,
                               .code = ErrorCode::kPlanNeedsDecision});
  }

  void renew_stopped_head(int head) {
    const std::string unwanted = unwanted_of(at(head));
    const std::string what = unwanted.empty()
                                 ? "the machine of the head " + at(head).name.text + " is stopped"
                                 : unwanted;
    // One that can never start again keeps nothing that a person could want back.
    const bool asked = in_.options.replace_head || !unwanted.empty();
    if (!asked || at(head).spec == nullptr) {
      at(head).fate = Fate::kLeave;
      roster_.blocked.push_back(
          {.summary = what,
           .remedy = "start it again, or give --replace-head to make a new one",
           .code = ErrorCode::kPlanNeedsDecision});
      return;
    }
    new_nodes_.replace(head, Reason::kMissing, what);
  }

  void replace_head() {
    if (roster_.head < 0 || at(roster_.head).fate != Fate::kKeep) return;
    const int head = roster_.head;
    Work& work = at(head);
    if (work.spec == nullptr || in_.desired.destroy || !listed(in_, work.spec->provider)) return;
    std::vector<std::string> fields = replaced_fields(work);
    if (fields.empty()) return;
    const std::string unwanted = unwanted_of(work);
    const std::string what = unwanted.empty() ? join(fields, ", ") + " changed" : unwanted;
    if (in_.options.replace_head && !in_.options.no_restart) {
      work.fields = std::move(fields);
      new_nodes_.replace(head, Reason::kOutOfDate, what);
    } else if (in_.options.no_restart) {
      roster_.left_out.push_back({work.name, "replace", "--no-restart: " + what});
    } else {
      roster_.blocked.push_back(
          {.summary = "the head " + work.name.text + " must be replaced: " + what,
           .remedy = "give --replace-head, or --no-restart to leave it as it is",
           .code = ErrorCode::kPlanNeedsDecision});
    }
  }

  // Workers ----------------------------------------------------------------------------------

  void decide_workers() {
    std::map<NodeTypeName, std::vector<int>> by_type;
    for (const auto& [type, spec] : in_.desired.specs)
      by_type[type];
    for (int i = 0; i < size(); ++i) {
      if (!at(i).head) by_type[at(i).type].push_back(i);
    }
    for (const auto& [type, members] : by_type)
      decide_type(type, members);
  }

  void decide_type(const NodeTypeName& type, const std::vector<int>& members) {
    if (restart_only()) return;
    const bool known = type != in_.desired.head_type && in_.desired.specs.contains(type);
    const int wanted = known ? want(type) : 0;
    int living = 0;
    std::vector<int> removable;
    for (const int i : members) {
      Work& work = at(i);
      const Presence presence = work.node->presence;
      const std::string unwanted = unwanted_of(work);
      if (work.fate == Fate::kKeep && !unwanted.empty()) {
        remove(work, in_.desired.destroy ? Reason::kDestroy : Reason::kNotWanted,
               in_.desired.destroy ? kDown : unwanted);
      } else if (work.fate == Fate::kKeep && !in_.desired.destroy &&
                 in_.desired.release.contains(work.name)) {
        remove(work, Reason::kReleased, "the autoscaler released it");
        work.if_idle = in_.desired.if_idle.contains(work.name);
      } else if (in_.desired.destroy && presence == Presence::kStopping &&
                 work.fate == Fate::kLeave) {
        remove(work, Reason::kDestroy, kDown);
      }
      if (!counts(work)) continue;
      ++living;
      const bool expected = in_.desired.destroy && presence == Presence::kExpected;
      if (work.fate == Fate::kKeep || expected) removable.push_back(i);
    }
    const int surplus = std::min(living - wanted, static_cast<int>(removable.size()));
    if (surplus > 0) remove_some(removable, surplus, known ? why(type) : not_wanted(type));
    if (!in_.desired.destroy && known && wanted > living) {
      new_nodes_.create(type, wanted - living, why(type));
    }
  }

  std::string why(const NodeTypeName& type) const {
    const auto found = in_.desired.why.find(type);
    if (found != in_.desired.why.end()) return found->second;
    return std::to_string(want(type)) + " of " + type.text + " wanted";
  }

  static std::string not_wanted(const NodeTypeName& type) {
    return type.empty() ? "its node type is not known" : type.text + " is no longer a worker type";
  }

  void remove_some(std::vector<int>& from, int count, const std::string& because) {
    const auto keep_rank = [&](int i) {
      const Work& work = at(i);
      const NodeRecord& record = *work.node->record;
      const bool out_of_date = work.spec != nullptr && launch_differs(record, work.spec->digests);
      const bool unused = !started(record) || work.node->ray_state == RayState::kDown;
      const bool idle = work.node->ray != nullptr && work.node->ray->idle;
      const Millis idle_for = unused ? Millis::max() : idle ? work.node->ray->idle_for : Millis{-1};
      return std::tuple(record.phase != Phase::kDraining, record.phase != Phase::kFailed,
                        !out_of_date, -idle_for.count(), -parts_of(work.name).number, i);
    };
    std::vector<std::pair<decltype(keep_rank(0)), int>> ranked;
    ranked.reserve(from.size());
    for (const int i : from)
      ranked.emplace_back(keep_rank(i), i);
    std::sort(ranked.begin(), ranked.end());
    const Reason reason = in_.desired.destroy ? Reason::kDestroy : Reason::kNotWanted;
    for (int n = 0; n < count; ++n) {
      remove(at(ranked[static_cast<std::size_t>(n)].second), reason,
             in_.desired.destroy ? kDown : because);
    }
  }

  void replace_workers() {
    if (in_.desired.destroy || restart_only()) return;
    const int existing = static_cast<int>(survey_.nodes.size());
    for (int i = 0; i < existing; ++i) {
      Work& work = at(i);
      if (work.head || work.fate != Fate::kKeep || work.spec == nullptr) continue;
      std::vector<std::string> fields = replaced_fields(work);
      if (fields.empty()) continue;
      const std::string what = join(fields, ", ") + " changed";
      if (in_.options.no_restart) {
        roster_.left_out.push_back({work.name, "replace", "--no-restart: " + what});
        continue;
      }
      if (!listed(in_, work.spec->provider)) continue;
      work.fields = std::move(fields);
      new_nodes_.replace(i, Reason::kOutOfDate, what);
    }
  }

  /// Why its provider does not want the machine any more.
  static std::string unwanted_of(const Work& work) {
    const CloudNode* machine = work.node->machine;
    return machine == nullptr ? "" : machine->unwanted;
  }

  /// Empty if the node need not be made anew.
  std::vector<std::string> replaced_fields(const Work& work) {
    if (work.head && work.type != in_.desired.head_type) return {"head_node_type"};
    if (!unwanted_of(work).empty()) return {"provider"};
    const SpecDigests& want = work.spec->digests;
    if (!launch_differs(*work.node->record, want)) return {};
    return changes_.fields(work.node->record->applied.launch, want.launch, "launch");
  }

  int size() const { return static_cast<int>(roster_.works.size()); }
  Work& at(int i) { return roster_.works[static_cast<std::size_t>(i)]; }
  const Work& at(int i) const { return roster_.works[static_cast<std::size_t>(i)]; }

  const Inputs& in_;
  Survey& survey_;
  Changes& changes_;
  OpenOps ops_;
  Roster roster_;
  NewNodes new_nodes_;
};

}  // namespace

Roster decide_fates(const Inputs& in, Survey& survey, Changes& changes) {
  return FateDecider(in, survey, changes).run();
}

}  // namespace rayctl::planning
