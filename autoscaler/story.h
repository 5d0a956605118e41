#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "autoscaler/tick.h"

namespace rayctl {

/// What the journal says of one node, from its launch to its end.
struct NodeStory {
  struct Moment {
    std::int64_t tick = 0;
    Time at{};
    std::string because;
    bool operator==(const Moment&) const = default;
  };
  NodeName node;
  std::optional<Moment> first;  ///< the first tick that has it; nullopt: none has
  bool from_the_start = false;  ///< that is the journal's first tick: what was before is not known
  std::optional<Moment> launched;  ///< the decision to launch one of its type; nullopt: not ours
  std::optional<Moment> joined;    ///< the first tick that has it alive in Ray
  std::optional<Moment> failed;    ///< the last failure
  std::optional<Moment> released;  ///< the last decision to remove it, unless it was taken back
  std::optional<Moment> gone;      ///< the first tick without it, after it was there
  // Of the last tick that has it:
  FleetNode last;
  std::optional<Millis> idle;  ///< nullopt: in use
  double timeout_s = 0;        ///< of its type
  bool held = false;           ///< left as it is until its type is tried again
  std::string kept;            ///< what keeps it although its time is up; ""
};

/// Takes a tick into the story. Ticks come in the journal's order.
class Storyteller {
 public:
  explicit Storyteller(NodeName node) { story_.node = std::move(node); }
  void hear(const Tick& tick);
  const NodeStory& story() const { return story_; }

 private:
  void present(const Tick& tick, const FleetNode& node);

  NodeStory story_;
  bool began_ = false;
  /// The last decision to launch, by type, until the node is there.
  std::map<NodeTypeName, NodeStory::Moment> launches_;
};

}  // namespace rayctl
