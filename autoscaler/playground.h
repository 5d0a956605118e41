#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <vector>

#include "autoscaler/fleet.h"
#include "autoscaler/simulate.h"
#include "autoscaler/trace.h"

namespace rayctl {

/// The simulated Ray: its nodes, what runs on them and what waits. Tasks of one line of the trace
/// are handled together. A task goes to the first node with room.
class Playground {
 public:
  /// Adds a node, whatever its stage.
  void add(FleetNode node);
  /// Takes nodes away; nothing runs on them.
  void remove(const std::set<NodeName>& names);
  /// A node is in Ray now, with all of its type's resources free.
  void join(FleetNode& node, Time now);
  void arrive(const TraceEvent& event, Time now);
  /// Ends what has run long enough, up to and with `now`.
  void finish(Time now);
  /// The moment at which something ends next; nullopt: nothing runs.
  std::optional<Time> next_end() const;
  /// Gives places to what waits.
  void place(Time now);

  /// To be changed in place, its nodes neither added nor removed.
  Fleet& fleet() { return fleet_; }
  const Fleet& fleet() const { return fleet_; }
  /// Whether something runs on the node at this place of the fleet.
  bool busy(std::size_t index) const { return hosts_[index].running > 0; }
  /// What Ray would say that waits, and its nodes' idle times as of now.
  Load load(Time now);

  std::int64_t waiting() const;
  std::int64_t running() const { return running_; }
  /// Waits of all that got a place: how long, and how many.
  const std::map<Millis, std::int64_t>& waits() const { return waits_; }

 private:
  struct Host {
    int serial = 0;
    std::int64_t running = 0;
    Time idle_since{};
  };
  struct Batch {  ///< equal tasks that came together
    Time arrived{};
    Millis runs{0};
    std::int64_t count = 0;
  };
  struct Shape {
    ResourceRequest request;
    std::vector<Batch> queue;  ///< from `front` on
    std::size_t front = 0;
    std::size_t first_host = 0;  ///< no host before this one has room
    bool waits() const { return front < queue.size(); }
  };
  struct Group {
    Gang gang;
    Time arrived{};
    Millis runs{0};
  };
  struct End {
    Time at{};
    std::int64_t order = 0;
    int host = 0;
    const Resources* bundle = nullptr;
    std::int64_t count = 0;
    bool operator>(const End& other) const {
      return std::pair(at, order) > std::pair(other.at, other.order);
    }
  };

  std::int64_t room(std::size_t host, const ResourceRequest& request, std::int64_t most) const;
  void start(std::size_t host, const ResourceRequest& request, std::int64_t count, Time arrived,
             Time now, Millis runs);
  void place_shape(Shape& shape, Time now);
  /// Where the bundles of a group would go, on hosts begin .. end-1; empty: not all have room.
  std::vector<std::size_t> seats_for(const Gang& gang, std::size_t begin, std::size_t end) const;
  bool place_group(const Group& group, Time now);
  void freed(std::size_t host);

  Fleet fleet_;
  std::vector<Host> hosts_;              ///< of the nodes of fleet_, in the same order
  std::map<int, std::size_t> place_of_;  ///< serial -> place in both
  int serials_ = 0;
  std::map<ResourceRequest, Shape> shapes_;
  std::vector<Group> groups_;
  std::vector<Demand> asked_;
  std::set<Resources> bundles_;  ///< what End points to
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  std::int64_t order_ = 0, running_ = 0, gangs_ = 0, version_ = 0;
  std::map<Millis, std::int64_t> waits_;
};

}  // namespace rayctl
