#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "planner/open_ops.h"
#include "planner/resources.h"
#include "planner/roster.h"

namespace rayctl::planning {

/// Ids of steps, without those that do not exist (-1).
using After = std::initializer_list<int>;

/// Writes single steps of a node: the action with its reason, fields, precondition and the open
/// operation that it goes on with. The steps of one node form a chain: each comes after the one
/// before.
class StepWriter {
 public:
  StepWriter(const Inputs& in, const Roster& roster, Changes& changes, Plan& plan);

  /// How far the steps of a node have come.
  struct Track {
    int last = -1;   ///< id of its last step
    int stop = -1;   ///< of StopRay
    int start = -1;  ///< of StartRay
  };
  const Track& track(int work) const { return tracks_[static_cast<std::size_t>(work)]; }

  void forget(int work);
  void adopt(int work);
  void create(const Launch& launch, int after);
  void container(int work);
  void files(int work);
  /// `first`: whose set-up is tried first, or -1.
  void set_up(int work, int first = -1, int after = -1);
  void synced(int work, int after);
  void stop(int work, int after, const std::vector<int>& barrier = {});
  void start(int work, int after);
  void drain(int work, int after);
  void terminate(int work, int after, const std::vector<int>& barrier = {});
  void autoscaler(int after);
  /// What must be there before anything else is done; every later step that follows no other
  /// follows these.
  void make_resources(const std::vector<ResourceWork>& works);
  /// After every machine that ends has ended.
  void remove_resources(const std::vector<ResourceWork>& works);
  /// Closes the operations that no step goes on with; afterwards no step can be added.
  void close_ops();

  int steps() const { return static_cast<int>(plan_.steps.size()); }
  const Work& at(int work) const { return roster_.works[static_cast<std::size_t>(work)]; }

 private:
  struct Why {
    Reason reason = Reason::kOutOfDate;
    std::string because;
    std::vector<std::string> fields;
  };
  Step& add(Action action, Why why, After after);
  Step& add_to(int work, Action action, Why why, After after);
  Why because_of(const Work& work, const Digest& before, const Digest& after,
                 std::string_view effect);
  Precondition precondition(const Work& work, bool first) const;
  const SpecDigests& applied(const Work& work) const;
  using WorksByName = std::unordered_map<std::string_view, const Work*>;
  bool may_close(const OpenOp& op, const WorksByName& works) const;
  bool launches_can_be_seen(const NodeTypeName& type) const;
  bool is_over(const CreateNodes& launch, Time begun_at, const WorksByName& works) const;

  const Inputs& in_;
  const Roster& roster_;
  Changes& changes_;
  Plan& plan_;
  OpenOps ops_;
  std::vector<Track> tracks_;
  std::vector<int> foundations_;  // steps that make resources
};

}  // namespace rayctl::planning
